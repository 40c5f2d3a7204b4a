// Pieces of SVG that drawings are made of, numbers to a hundredth of a pixel.

/** A number as an axis shows it. */
export function shortest(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function place(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** A text at its baseline; `more` are further attributes. */
export function text(x: number, y: number, content: string, more: string): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${place(x)}" y="${place(y)}" ${more}>${safe}</text>`;
}

/** A filled rectangle. */
export function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return (
    `<rect x="${place(x)}" y="${place(y)}" width="${place(width)}" ` +
    `height="${place(height)}" fill="${fill}"/>`
  );
}

/** A line; `more` are further attributes. */
export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  more = '',
): string {
  return (
    `<line x1="${place(x1)}" y1="${place(y1)}" x2="${place(x2)}" y2="${place(y2)}" ` +
    `stroke="${stroke}" ${more}/>`
  );
}
