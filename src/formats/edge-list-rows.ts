// Splits the bytes of an edge list into rows of fields: the byte positions of every field, no
// strings. Rows end in LF or CR LF. Blank rows and rows that start with # or % are comments. A
// field that starts with a double quote runs to the closing one, and "" inside it is one quote.
// Blanks around a field do not count.

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const QUOTE = 0x22;
const HASH = 0x23;
const PERCENT = 0x25;

/** What stands between fields: one byte, or a run of blanks. */
export type Separator = 'tab' | 'comma' | 'space';

/** The longest line, without its end. */
export const MAX_LINE_BYTES = 1 << 20;

/** Splits rows of one buffer whose content changes between calls. */
export interface RowScanner {
  readonly buffer: Uint8Array;
  readonly separator: Separator;
  /** Fields that every row must have. */
  readonly columns: number;
  /**
   * Field f of row r of the last call is [bounds[2(r·columns + f)], bounds[2(r·columns + f) + 1]).
   */
  readonly bounds: Int32Array;
  readonly maxRows: number;
  /** First byte not read yet. */
  at: number;
  /** Lines read so far, comments and blank ones included. */
  lines: number;
  /** Set where the last call met a row of another shape, just after the rows it returned. */
  fault: RowFault | null;
}

/** A row that cannot be split as expected, and where in the buffer that shows. */
export interface RowFault {
  readonly at: number;
  readonly message: string;
  readonly fix: string;
}

/** A scanner of rows of exactly `columns` fields, at most `maxRows` a call. */
export function createRowScanner(
  buffer: Uint8Array,
  separator: Separator,
  columns: number,
  maxRows: number,
): RowScanner {
  const bounds = new Int32Array(2 * columns * maxRows);
  return { buffer, separator, columns, bounds, maxRows, at: 0, lines: 0, fault: null };
}

/**
 * Reads rows from scanner.at up to `end`, which must lie just after a LF; returns their number.
 * In-place: a quoted field with doubled quotes is unescaped in the buffer. Cost: about 1 ns a byte.
 */
export function scanRows(scanner: RowScanner, end: number): number {
  const { columns, maxRows } = scanner;
  let rows = 0;
  scanner.fault = null;
  while (rows < maxRows && skipToRow(scanner, end)) {
    const start = scanner.at;
    const found = splitRow(scanner, rows * columns);
    if (found < 0) break;
    if (found !== columns) {
      rejectWidth(scanner, start, found);
      break;
    }
    if (scanner.at - start > MAX_LINE_BYTES + 1) {
      rejectLength(scanner, start);
      break;
    }
    rows++;
  }
  return rows;
}

/**
 * Splits the row at scanner.at: at most scanner.columns fields go to the bounds from field number
 * `first` on. Moves to the next line and returns how many fields the row has, or −1 with a fault.
 */
export function splitRow(scanner: RowScanner, first: number): number {
  const found =
    scanner.separator === 'space' ? splitBlanks(scanner, first) : splitDelimited(scanner, first);
  if (found >= 0) scanner.lines++;
  return found;
}

/** Moves past comments and blank lines; true where a row follows before `end`. */
export function skipToRow(scanner: RowScanner, end: number): boolean {
  const { buffer } = scanner;
  while (scanner.at < end) {
    if (buffer[scanner.at] > PERCENT) return true;
    let at = skipBlanks(buffer, scanner.at);
    const isComment = buffer[at] === HASH || buffer[at] === PERCENT;
    if (!isComment && !isRowEnd(buffer, at)) return true;
    while (buffer[at] !== LF) at++;
    if (at - scanner.at > MAX_LINE_BYTES) {
      rejectLength(scanner, scanner.at);
      return false;
    }
    scanner.at = at + 1;
    scanner.lines++;
  }
  return false;
}

/** Splits at tabs or commas; blanks around a field, and the CR of the line end, are left out. */
function splitDelimited(scanner: RowScanner, first: number): number {
  const { buffer, bounds, columns } = scanner;
  const separator = scanner.separator === 'tab' ? TAB : COMMA;
  // Bytes above both stops, nearly all of them, take one comparison.
  const ceiling = separator > LF ? separator : LF;
  let at = scanner.at;
  for (let field = 0; ; field++) {
    let from = at;
    let byte = buffer[at];
    while (byte > ceiling || (byte !== separator && byte !== LF)) byte = buffer[++at];
    let to = at;
    if (to > from && (buffer[from] <= QUOTE || buffer[to - 1] <= SPACE)) {
      if (byte === LF && buffer[to - 1] === CR) to--;
      while (from < to && isBlank(buffer[from])) from++;
      while (to > from && isBlank(buffer[to - 1])) to--;
      if (from < to && buffer[from] === QUOTE) {
        to = unquote(scanner, from);
        if (to < 0) return -1;
        at = scanner.at;
        from++;
      }
    }
    if (field < columns) {
      bounds[2 * (first + field)] = from;
      bounds[2 * (first + field) + 1] = to;
    }
    if (buffer[at] === LF) {
      scanner.at = at + 1;
      return field + 1;
    }
    at++;
  }
}

/** Splits at runs of blanks; none begins or ends a row. */
function splitBlanks(scanner: RowScanner, first: number): number {
  const { buffer, bounds, columns } = scanner;
  let at = skipBlanks(buffer, scanner.at);
  for (let field = 0; ; field++) {
    let from = at;
    let to: number;
    if (buffer[at] === QUOTE) {
      to = unquote(scanner, from);
      if (to < 0) return -1;
      at = scanner.at;
      from++;
    } else {
      let byte = buffer[at];
      while (byte > SPACE || (byte !== SPACE && byte !== TAB && byte !== LF)) byte = buffer[++at];
      to = byte === LF && buffer[at - 1] === CR ? at - 1 : at;
    }
    if (field < columns) {
      bounds[2 * (first + field)] = from;
      bounds[2 * (first + field) + 1] = to;
    }
    at = skipBlanks(buffer, at);
    if (isRowEnd(buffer, at)) {
      scanner.at = buffer[at] === LF ? at + 1 : at + 2;
      return field + 1;
    }
  }
}

/**
 * Closes the quoted field that opens at `open`, unescaping it in place: its text is (open, result).
 * Moves scanner.at to the separator or line end after it. Returns −1 with a fault where the quote
 * stays open or more text follows.
 */
function unquote(scanner: RowScanner, open: number): number {
  const { buffer, separator } = scanner;
  let read = open + 1;
  let write = open + 1;
  for (; ; read++, write++) {
    if (buffer[read] === LF) {
      return reject(scanner, open, 'expected a closing quote on the same line', 'close the quote');
    }
    if (buffer[read] === QUOTE) {
      if (buffer[read + 1] !== QUOTE) break;
      read++;
    }
    buffer[write] = buffer[read];
  }
  // One blank for each quote taken out, so that places on this line stay right.
  buffer.fill(SPACE, write, read);
  let at = read + 1;
  while (buffer[at] === SPACE || (separator !== 'tab' && buffer[at] === TAB)) at++;
  if (buffer[at] === CR && buffer[at + 1] === LF) at++;
  const isEnd =
    buffer[at] === LF ||
    (separator === 'space' ? at > read + 1 : buffer[at] === (separator === 'tab' ? TAB : COMMA));
  if (!isEnd) {
    const fix = 'write a quote inside a quoted field twice';
    return reject(scanner, read + 1, 'expected a separator after the closing quote', fix);
  }
  scanner.at = at;
  return write;
}

/** Notes a fault; −1 for the caller to return. */
function reject(scanner: RowScanner, at: number, message: string, fix: string): -1 {
  scanner.fault = { at, message, fix };
  return -1;
}

function rejectWidth(scanner: RowScanner, at: number, found: number): void {
  const fields = found === 1 ? '1 field' : `${found} fields`;
  const message = `expected ${scanner.columns} fields as in the first row, found ${fields}`;
  reject(
    scanner,
    at,
    message,
    'complete the row; if it is the last one, the file may be cut short',
  );
}

function rejectLength(scanner: RowScanner, at: number): void {
  reject(
    scanner,
    at,
    'expected a line of at most 1 MiB, found a longer one',
    'is this a text file?',
  );
}

/** The first byte from `start` on that is no blank. */
function skipBlanks(buffer: Uint8Array, start: number): number {
  let at = start;
  while (isBlank(buffer[at])) at++;
  return at;
}

/** A space or a tab. */
function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** LF, or CR LF; the bytes before `end` always hold a LF, so no loop runs past it. */
function isRowEnd(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === LF || (buffer[at] === CR && buffer[at + 1] === LF);
}
