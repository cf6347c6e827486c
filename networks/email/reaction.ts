const MAX_EMOJI = 20;
/** The longest emoji sequences (families, flags with tags) stay below this many UTF-16 units. */
const MAX_EMOJI_LENGTH = 40;

/** One emoji or emoji sequence (Unicode TR 51), keycaps and flags among them; words are no reactions. */
const emoji =
  /^(?=.*(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3))[\p{Emoji}\p{Emoji_Component}]+$/u;

/** The body of a reaction: emojis parted by spaces (Delta Chat); empty takes all back. */
export function formatReaction(emojis: readonly string[]): string {
  return emojis.join(' ');
}

/** Reads the body of a reaction; what is no emoji is left out. Empty means that all reactions are taken back. */
export function readReaction(body: string): readonly string[] {
  const found = body
    .trim()
    .split(/\s+/)
    .filter((word) => word.length <= MAX_EMOJI_LENGTH && emoji.test(word));
  return [...new Set(found)].slice(0, MAX_EMOJI);
}
