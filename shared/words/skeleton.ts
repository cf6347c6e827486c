import { CONFUSABLES } from './confusables.ts';
import { plainName } from './plain-name.ts';

const looksLike = new Map<string, string>();
for (const line of CONFUSABLES.trim().split('\n')) {
  const [shape = '', letters = ''] = line.split(':');
  const letterOf = (code: string): string => String.fromCodePoint(Number.parseInt(code, 16));
  const drawn = shape.split('+').map(letterOf).join('');
  for (const code of letters.split(',')) looksLike.set(letterOf(code), drawn);
}

const drawnAs = (text: string): string =>
  Array.from(text.normalize('NFD'), (letter) => looksLike.get(letter) ?? letter).join('');
// The table is closed under itself, but not once its shapes are taken apart: U+FBA4 is drawn as U+06C0, which is U+06D5 and a mark, and U+06D5 is drawn as o.
for (const [letter, drawn] of looksLike) looksLike.set(letter, drawnAs(drawn));

/** Default_Ignorable_Code_Point: what is not drawn at all. */
const NOT_DRAWN = /\p{DI}/gu;

/** The skeleton of a text: the same for two texts that look alike (UTS #39, section 4, Confusable Detection). Never shown. */
export function skeleton(text: string): string {
  return drawnAs(text.normalize('NFD').replace(NOT_DRAWN, '')).normalize('NFD');
}

/** What two names are compared by. Small and capital letters count as alike, which I and l must survive: so there are two. */
export type Looks = { readonly drawn: string; readonly small: string };

/** How a name looks once it is fit to be shown. */
export function looksOf(name: string): Looks {
  const plain = plainName(name, '');
  return { drawn: skeleton(plain).toLowerCase(), small: skeleton(plain.toLowerCase()) };
}

/** Whether two names can be taken for each other. One that shows nothing is like no other. */
export function looksAlike(one: Looks, other: Looks): boolean {
  return one.drawn !== '' && (one.drawn === other.drawn || one.small === other.small);
}
