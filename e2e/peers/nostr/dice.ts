/** Dice that fall the same way for the same seed: xorshift32, numbers from 0 up to and without 1. */
export function createDice(seed: number): () => number {
  // Zero would stay zero for ever.
  let state = seed | 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
