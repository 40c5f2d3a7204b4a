// Pieces of JSON schema that routes share. Requests are read strictly: unknown parameters are refused, and
// decimals travel as text, so that no number is rounded before it is looked at.

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object with exactly these properties, all required but those named. */
export function objectOf(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}

/** Parameters of a query or a path: none of them required but those named. */
export function parametersOf(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** An amount and its exact text. */
export function amountSchema(name: string, description = ''): Readonly<Record<string, Schema>> {
  return {
    [name]: { type: 'number', description: `${description}BLY, the nearest double` },
    [`${name}_exact`]: { ...DECIMAL_TEXT, description: 'the same, exactly' },
  };
}

/** A list. */
export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object of any names with values of one schema. */
export function recordOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

export const TEXT: Schema = { type: 'string' };
export const WHOLE: Schema = { type: 'integer' };
export const NUMBER: Schema = { type: 'number' };
export const TRUTH: Schema = { type: 'boolean' };
export const TIME: Schema = { type: 'string', description: 'ISO 8601, UTC' };
/** Exact decimal text in answers. */
export const DECIMAL_TEXT: Schema = { type: 'string', pattern: '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$' };
/** 64 lower-case hex digits. */
export const HASH: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
/** 128 lower-case hex digits. */
export const SIGNATURE: Schema = { type: 'string', pattern: '^[0-9a-f]{128}$' };

/** A decimal that a caller writes: digits, a point, a power of ten. Whether it is in range is judged later. */
export function decimalParameter(description: string, example: string): Schema {
  return {
    type: 'string',
    maxLength: 64,
    pattern: '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$',
    description,
    examples: [example],
  };
}

/** A whole number that a caller writes, of so many digits at most. */
export function wholeParameter(description: string, digits: number): Schema {
  return { type: 'string', pattern: `^(0|[1-9][0-9]{0,${digits - 1}})$`, description };
}

/** How an amount came about. */
export const FORMULA: Schema = objectOf({ name: TEXT, inputs: recordOf(TEXT), result: TEXT });

/** A problem document (RFC 9457). */
export const PROBLEM: Schema = {
  $id: 'Problem',
  type: 'object',
  properties: {
    type: TEXT,
    title: TEXT,
    status: WHOLE,
    code: { type: 'string', description: 'a word that a program can switch on' },
    detail: TEXT,
    fix: TEXT,
    field: TEXT,
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'fix'],
  additionalProperties: true,
};

/** The answers of a route: its own by status, and problem documents for these. */
export function answers(
  own: Readonly<Record<number, Schema>>,
  problems: readonly number[] = [],
): Schema {
  const refused = { content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } };
  const described = (status: number) => [
    status,
    { description: DESCRIPTIONS[status] ?? 'refused', ...refused },
  ];
  return {
    ...own,
    ...Object.fromEntries([...problems, 429, 500].map(described)),
  };
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'malformed: a parameter is missing, unknown, or not written as expected',
  401: 'not signed, or no valid token',
  403: 'not allowed',
  404: 'there is no such thing',
  409: 'in conflict with what is there',
  422: 'well-formed, and outside what is allowed',
  429: 'too many requests: Retry-After says when',
  406: 'not in a media type that is accepted',
  500: 'a failure of the service: the log has it under the id that is told',
  503: 'not ready',
};
