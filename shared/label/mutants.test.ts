import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { disagreements } from './oracle.ts';
import type * as rules from './rules.ts';
import { walk } from './walk.ts';

describe('the page finds faults in the rules', () => {
  const source = readFileSync(new URL('./rules.ts', import.meta.url), 'utf8');
  const mutants: readonly (readonly [name: string, from: string, to: string])[] = [
    ['an unknown fact counts as known', "if (fact === 'unknown' ||", "if (fact !== 'unknown' &&"],
    ['no path is fine', 'if (paths.length === 0) return', 'if (paths.length < 0) return'],
    [
      'the best path decides',
      'if (readersRank[path.kind] < readersRank[kind]) kind',
      'if (readersRank[path.kind] > readersRank[kind]) kind',
    ],
    [
      'other holders are overlooked',
      'value(facts.endToEnd) !== true || others.length > 0)',
      'value(facts.endToEnd) !== true)',
    ],
    [
      'open counts as sealed',
      'if (value(facts.endToEnd) !== true || others.length > 0)',
      'if (others.length > 1)',
    ],
    [
      'keys kept for ever are no limit',
      "if (oldKeys === 'never') limits.add('no-forward-secrecy');",
      "if (oldKeys === 'never') limits.size;",
    ],
    [
      'stolen keys for ever are no limit',
      "if (lockout === 'never') limits.add('no-recovery');",
      "if (lockout === 'never') limits.size;",
    ],
    [
      'the threshold of old keys slips',
      'SLOW_FORWARD_SECRECY_MS = 7 * DAY_MS',
      'SLOW_FORWARD_SECRECY_MS = 8 * DAY_MS',
    ],
    [
      'the threshold of old keys is short by one',
      'oldKeys > SLOW_FORWARD_SECRECY_MS',
      'oldKeys >= SLOW_FORWARD_SECRECY_MS',
    ],
    ['the threshold of recovery slips', 'SLOW_RECOVERY_MS = 7 * DAY_MS', 'SLOW_RECOVERY_MS = 8 * DAY_MS'],
    [
      'the threshold of recovery is short by one',
      'lockout > SLOW_RECOVERY_MS',
      'lockout >= SLOW_RECOVERY_MS',
    ],
    ['a visible subject is no limit', "if (value(facts.exposed)?.length !== 0) limits.add('exposed');", ''],
    [
      'an unreviewed library is no limit',
      "if (value(facts.engine)?.review !== 'audited') limits.add('engine-unaudited');",
      '',
    ],
    [
      'an unproven sender is no limit',
      "if (value(facts.authenticated) !== true) limits.add('sender-not-proven');",
      '',
    ],
    ['a broken library is believed', "return value(facts.engine)?.review !== 'known-bad';", 'return true;'],
    [
      'end-to-end without a protocol is believed',
      "return !(value(facts.endToEnd) === true && protocol === 'none');",
      'return true;',
    ],
    [
      'open mail that nobody reads is believed',
      'return !(value(facts.endToEnd) === false && value(facts.otherKeyHolders)?.length === 0);',
      'return true;',
    ],
    ['a negative span is believed', 'withinMs >= 0)', 'withinMs >= -99999999999)'],
    ['old data about a network is believed', 'return ageMs <= STALE_NETWORK_DATA_MS;', 'return true;'],
    ['old keys of a session are believed', 'ageMs <= STALE_KEYS_MS', 'ageMs <= 99 * STALE_KEYS_MS'],
    ['certificates go stale', "by === 'certificate' || by === 'message'", "by === 'message'"],
    [
      'a library is needed only sometimes',
      "known('otherKeyHolders') ? ['engine'] : neededFacts",
      "known('otherKeyHolders') ? [] : neededFacts",
    ],
    ['a lower rank is not worse', 'return readersRank[now.kind] < readersRank[seen.kind];', 'return false;'],
    ['a higher rank is worse', 'return readersRank[now.kind] < readersRank[seen.kind];', 'return true;'],
    ['a new limit is not worse', 'now.limits.some((code) => !seen.limits.includes(code))', 'false'],
    [
      'one more exposure is not worse',
      '(now.exposed ?? []).some((what) => !exposed.includes(what))',
      'false',
    ],
    ['a new holder is not worse', 'now.who.some((holder) => !known.has(holderKey(holder)))', 'false'],
    [
      'a lost check is not worse',
      'return trustRank[now.trust.kind] < trustRank[seen.trust.kind];',
      'return false;',
    ],
    ['a second change is not worse', 'return now.trust.at > seen.trust.at;', 'return false;'],
    ['changed counts like unchecked', 'unchecked: 1, changed: 0', 'unchecked: 0, changed: 0'],
    ['a lost check in a group is not worse', 'now.checked < seen.checked ||', ''],
    ['a change in a group is not worse', 'now.changed > seen.changed ||', ''],
    ['a stranger in a group is not worse', 'now.of - now.checked > seen.of - seen.checked', 'false'],
    ['another network is the same', 'now.network !== seen.network ||', ''],
    ['a test network is the same', '|| now.testNetwork !== seen.testNetwork', ''],
    [
      'the floor lies one lower',
      'return readersRank[of.readers.kind] < readersRank[floor];',
      'return readersRank[of.readers.kind] + 1 < readersRank[floor];',
    ],
    [
      'the floor holds back what meets it',
      'return readersRank[of.readers.kind] < readersRank[floor];',
      'return readersRank[of.readers.kind] <= readersRank[floor];',
    ],
    ['a hold is overlooked', 'input.hold === null ? { ok: true }', 'input.hold !== undefined ? { ok: true }'],
  ];

  /** What no step of a walk leads to. */
  const metByNoWalk = new Set([
    'a negative span is believed',
    'one more exposure is not worse',
    'a test network is the same',
    'the floor lies one lower',
    'the floor holds back what meets it',
    'a hold is overlooked',
  ]);

  async function load(text: string): Promise<typeof rules> {
    const code = stripTypeScriptTypes(text);
    return (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
    )) as typeof rules;
  }

  it('and none in the rules as they are', async () => {
    expect(disagreements(await load(source))).toEqual([]);
  });

  it.each(mutants)('%s', async (name, from, to) => {
    expect(source.split(from).length, `the rules no longer hold: ${from}`).toBe(2);
    const mutant = await load(source.replace(from, to));
    expect(disagreements(mutant)).not.toEqual([]);
    // And the walk by itself, without the page's tables.
    if (!metByNoWalk.has(name)) expect(walk(mutant, 200_000, 1).wrong).not.toEqual([]);
  });
});
