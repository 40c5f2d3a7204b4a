export declare const kernelArguments: readonly string[];
