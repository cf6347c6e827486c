const letters: Readonly<Record<string, string>> = {
  a: 'áá', b: 'ƀ', c: 'ç', d: 'ð', e: 'éé', f: 'ƒ', g: 'ĝ', h: 'ĥ', i: 'íí', j: 'ĵ', k: 'ķ', l: 'ļ', m: 'ɱ',
  n: 'ñ', o: 'óó', p: 'þ', q: 'ǫ', r: 'ŕ', s: 'š', t: 'ţ', u: 'úú', v: 'ṽ', w: 'ŵ', x: 'ẋ', y: 'ý', z: 'ž',
}; // prettier-ignore

/** Text of the pseudo-locale: every letter changed, about a third longer; digits, marks and spaces stay. */
export function pseudo(text: string): string {
  return text.replace(/[a-z]/giu, (letter) => {
    const changed = letters[letter.toLowerCase()] ?? letter;
    return letter === letter.toLowerCase() ? changed : changed.toUpperCase();
  });
}
