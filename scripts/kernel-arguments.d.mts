export declare const kernelArguments: readonly string[];
export declare const merkleArguments: readonly string[];
