// An id as a part of an account's name: its UTF-8 bytes, all but A-Z a-z 0-9 . _ ~ + @ / = - as %XX in
// upper case. One text for one id, and back.

const PLAIN = /^[A-Za-z0-9._~+@/=-]$/;

/** The part of an id. */
export function accountPart(id: string): string {
  let text = '';
  for (const byte of Buffer.from(id, 'utf8')) {
    const character = String.fromCharCode(byte);
    text += PLAIN.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
