// SMART cards in several QR codes: the parts of one card, gathered until all are there.
const PART = /^shc:\/(\d{1,2})\/(\d{1,2})\//;

/** What there is with this text: the texts to check together, or the parts of a card that wants more. A part that is of
 * another card, or any other text, begins anew. */
export function gather(before: string[], text: string): { parts: string[]; done: boolean } {
  const part = PART.exec(text);
  const of = Number(part?.[2] ?? 1);
  if (part === null || of < 2) return { parts: [text], done: true };
  const same = before.filter((one) => PART.exec(one)?.[2] === part[2] && PART.exec(one)?.[1] !== part[1]);
  const parts = [...same, text];
  return { parts, done: parts.length >= of };
}
