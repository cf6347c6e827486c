import type { Basis, Known, WhoSees } from '../label/who-sees.ts';
import type { Looker, Sight, WhatRow } from '../label/network-facts.ts';
import type { NetworkId, ProtocolId } from '../ids.ts';
import type { Say } from './say.ts';
import type { timeWords } from './time.ts';
import { nameInSentence, plainName } from './plain-name.ts';

/** Old keys of less than this are called gone: no span a person would count. */
const SOON_MS = 60_000;

/** The sheet "Who can see what" in words. */
export function whoSeesWords(say: Say, time: ReturnType<typeof timeWords>) {
  /** Heading of a column: `Signal`, `Your relays`, `The others here`. */
  function lookerName(who: Looker, network: NetworkId, isGroup: boolean): string {
    if (who === 'operator' || who === 'servers') return say(`facts.who.${who}.${network}`);
    return who === 'peer' && isGroup ? say('facts.who.peer.group') : say(`facts.who.${who}`);
  }

  /** `Reads` of the text, `Sees` of all else. */
  const sightName = (what: WhatRow, sight: Sight): string =>
    sight === 'yes' && (what === 'content' || what === 'subject')
      ? say('facts.sees.reads')
      : say(`facts.sees.${sight}`);

  /** What a theft opens of the past. */
  function pastSentence({ is }: WhoSees['past'], protocol: ProtocolId): string {
    if (protocol === 'none') return say('facts.past.open');
    if (is === 'unknown') return say('facts.unknown');
    if (is === 'never') return say('facts.past.never');
    return is < SOON_MS ? say('facts.past.none') : say('facts.past.within', { span: time.span(is) });
  }

  /** What a theft opens of what comes later. */
  function laterSentence({ is }: WhoSees['later'], protocol: ProtocolId): string {
    if (protocol === 'none') return say('facts.later.open');
    if (is === 'unknown') return say('facts.unknown');
    if (is === 'never') return say('facts.later.never');
    return say('facts.later.within', { span: time.span(is) });
  }

  function quantumSentence({ is }: WhoSees['quantum'], protocol: ProtocolId): string {
    if (protocol === 'none') return say('facts.quantum.open');
    return is === 'unknown' ? say('facts.unknown') : say(`facts.quantum.${is}`);
  }

  /** `libsignal 0.103.0, reviewed by outsiders` */
  const engineSentence = ({ is }: WhoSees['engines'][number]): string =>
    is === 'unknown'
      ? say('facts.how.unknown')
      : say(`fact.engine.${is.review}`, { name: nameInSentence(is.name), version: plainName(is.version) });

  /** `Reported here, 26 November 2026`, `Looked up, 22 Nov 2026`; one for each source there is. */
  const basisSentences = (basis: Known<unknown>['basis']): readonly string[] =>
    basis.length === 0 ? [say('facts.basis.none')] : basis.map(basisSentence);
  const basisSentence = (basis: Basis): string =>
    basis.kind === 'live'
      ? say('facts.basis.live', { date: time.date(basis.at) })
      : say('facts.basis.data', { date: time.day(basis.day) });

  return {
    lookerName,
    sightName,
    pastSentence,
    laterSentence,
    quantumSentence,
    engineSentence,
    basisSentences,
  };
}
