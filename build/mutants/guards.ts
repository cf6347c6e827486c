import { sourceOf, type Mutant, type Mutants } from './mutant.ts';

/**
 * The rules of a guard as they are written: each is a line that gives a reason, or takes part in an `and`, and is taken out alone. A rule that
 * is added is found by itself.
 */
const rules: readonly (readonly [code: RegExp, instead: (...parts: readonly string[]) => string])[] = [
  // if (…) return 'reason';
  [/^ +if \(.+\) return (?:'[^']+'|\{ stop: '[^']+' \}|null|false);$/gmu, () => ''],
  [/^ +return '[^']+';$/gmu, () => 'return null;'],
  // … ? null : 'reason', and the other way round
  [/\? (null|'pass')\s+: (?:'[^']+'|\{ stop: '[^']+' \})/gu, (_, good = '') => `? ${good} : ${good}`],
  [/\? '[^']+'\s+: null/gu, () => '? null : null'],
  // What a pattern ends with: nothing stands behind it.
  [/\S{1,30}\$(?=\/[,;.)]|`\))/gu, (code = '') => code.slice(0, -1)],
  [/\bstrictObject\(/gu, () => 'object('],
  [/!(?:isReadable|holdsText)\(bytes(?:, \w+)?\)/gu, () => 'true'],
  // … &&
  [/^ +[^/*\s].* &&$/gmu, () => ''],
];

function rulesOf(file: string): readonly Mutant[] {
  const source = sourceOf(file);
  return rules
    .flatMap(([code, instead]) =>
      [...source.matchAll(code)].map((found) => ({
        file,
        at: found.index,
        code: found[0],
        instead: instead(...found),
      })),
    )
    .toSorted((a, b) => a.at - b.at);
}

const guard = (network: string, parts: readonly string[], tests: readonly string[]): Mutants => ({
  name: `guard-${network}`,
  tests: tests.map((test) => `networks/${network}/${test}.test.ts`),
  mutants: parts.flatMap((part) => rulesOf(`networks/${network}/${part}.ts`)),
});

/** What lets nothing readable out, rule by rule. */
export const guards: readonly Mutants[] = [
  guard('email', ['guard', 'guard-mail', 'guard-armor'], ['guard']),
  guard(
    'signal',
    ['guard', 'guard-body', 'guard-ciphertext'],
    ['guard-request', 'guard-ciphertext', 'guard'],
  ),
  guard('nostr', ['guard', 'guard-frame', 'guard-text'], ['guard']),
];
