import type { DetailName, Evidence } from '../label/evidence.ts';
import type { Fact, SecurityFacts } from '../label/facts.ts';
import { nameInSentence, plainName } from './plain-name.ts';
import type { Say } from './say.ts';
import type { timeWords } from './time.ts';

/** A line of a details sheet: what it is about, what holds, and since when that is known. */
export type DetailRow = { readonly name: string; readonly value: string; readonly asOf: string | null };

/** Facts and evidence in words. */
export function detailWords(say: Say, time: ReturnType<typeof timeWords>) {
  const yesNo = (yes: boolean): string => say(yes ? 'evidence.value.yes' : 'evidence.value.no');
  const list = (names: readonly string[]): string =>
    new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(names);

  function row<T>(name: keyof SecurityFacts, fact: Fact<T>, show: (value: T) => string): DetailRow {
    if (fact === 'unknown')
      return { name: say(`fact.${name}`), value: say('evidence.value.unknown'), asOf: null };
    return {
      name: say(`fact.${name}`),
      value: show(fact.is),
      asOf: say('fact.asOf', { date: time.date(fact.asOf) }),
    };
  }

  /** Every fact of one path, the unknown ones too. */
  function factRows(facts: SecurityFacts): readonly DetailRow[] {
    return [
      row('endToEnd', facts.endToEnd, yesNo),
      row('otherKeyHolders', facts.otherKeyHolders, (who) =>
        who.length === 0
          ? say('fact.otherKeyHolders.none')
          : list(who.map((holder) => plainName(holder.name, say('name.provider.none')))),
      ),
      row('forwardSecrecy', facts.forwardSecrecy, ({ withinMs }) =>
        withinMs === 'never'
          ? say('fact.forwardSecrecy.never')
          : withinMs === 0
            ? say('fact.forwardSecrecy.none')
            : say('fact.forwardSecrecy.within', { span: time.span(withinMs) }),
      ),
      row('recovery', facts.recovery, ({ withinMs }) =>
        withinMs === 'never'
          ? say('fact.recovery.never')
          : say('fact.recovery.within', { span: time.span(withinMs) }),
      ),
      row('postQuantum', facts.postQuantum, (state) => say(`fact.postQuantum.${state}`)),
      row('authenticated', facts.authenticated, yesNo),
      row('exposed', facts.exposed, (what) =>
        what.length === 0 ? say('fact.exposed.none') : list(what.map((each) => say(`exposed.${each}`))),
      ),
      row('engine', facts.engine, ({ name, version, review }) =>
        say(`fact.engine.${review}`, { name: nameInSentence(name), version: plainName(version) }),
      ),
    ];
  }

  /** Whether future quantum computers could read it: what holds of the weakest path. */
  function postQuantumRow(paths: readonly SecurityFacts[]): DetailRow {
    const facts = paths.map((path) => path.postQuantum);
    const weakest = (['none', 'handshake', 'ongoing'] as const).flatMap((state) =>
      facts.filter((fact) => fact !== 'unknown' && fact.is === state),
    );
    const fact = facts.includes('unknown') ? 'unknown' : (weakest[0] ?? 'unknown');
    return row('postQuantum', fact, (state) => say(`fact.postQuantum.${state}`));
  }

  const detailName = (name: DetailName): string => say(`evidence.detail.${name}`);

  /** How Plainseal knows: `Sealed on this computer`, `As told by your other device`. */
  const evidenceHow = (how: Evidence['how']): string => say(`evidence.${how}`);

  return { factRows, postQuantumRow, detailName, evidenceHow };
}
