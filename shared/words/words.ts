import { accountWords } from './account.ts';
import { codeWords } from './code.ts';
import { detailWords } from './details.ts';
import { en, type WordId } from './en.ts';
import { labelWords } from './label.ts';
import { messageWords } from './message.ts';
import { createSay, type LocaleName } from './say.ts';
import { timeWords } from './time.ts';
import { troubleWords } from './trouble.ts';
import { whoSeesWords } from './who-sees.ts';

/** Everything Plainseal says, in one locale. */
export type Words = ReturnType<typeof createWords>;

/** `region`: a BCP 47 tag that decides how dates and numbers look. `timeZone`: of the system where absent. */
export type WordsOptions = { readonly region?: string; readonly timeZone?: string };

/**
 * Makes the words of a locale: `say(id, values)` and a function for every kind of sentence. Costs some milliseconds: make one
 * and keep it.
 */
export function createWords(locale: LocaleName = 'en', options: WordsOptions = {}) {
  const region = options.region ?? 'en-GB';
  const say = createSay(locale, region);
  const time = timeWords(say, region, options.timeZone);
  /** The sentence of an id that came as data (a disclosure's statement, a note of networks/facts.json); null when there is none. */
  const sayCode = (id: string): string | null => (isPlainId(id) ? say(id) : null);
  return {
    locale,
    say,
    sayCode,
    ...time,
    ...labelWords(say, time),
    ...accountWords(say, time),
    ...codeWords(say, region),
    ...messageWords(say),
    ...troubleWords(say),
    ...detailWords(say, time),
    ...whoSeesWords(say, time),
  };
}

/** Ids without placeholders are the only ones that data may name. */
type PlainId = Extract<
  WordId,
  | `disclosure.${string}.${string}`
  | `facts.${'note' | 'permission' | 'everywhere' | 'reporting' | 'blocking'}.${string}`
>;
const isPlainId = (id: string): id is PlainId =>
  /^(?:disclosure\.\w+|facts\.(?:note|permission|everywhere|reporting|blocking))\./.test(id) &&
  Object.hasOwn(en, id);
