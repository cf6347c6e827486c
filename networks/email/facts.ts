import type { Fact, Holder, SecurityFacts } from '../../shared/label/facts.ts';
import type { Millis } from '../../shared/ids.ts';
import { domainOf } from './address.ts';
import { providerName } from './providers.ts';

/** What holds for a mail without encryption: whoever carries it can read it, first of all the providers at both ends. */
export function plainFacts(own: string, peer: string, at: Millis): SecurityFacts {
  const fact = <T>(is: T): Fact<T> => ({ is, asOf: at, by: 'network-data' });
  const names = new Set([own, peer].map((address) => providerName(domainOf(address))));
  return {
    endToEnd: fact(false),
    otherKeyHolders: fact<readonly Holder[]>([...names].map((name) => ({ kind: 'provider', name }))),
    forwardSecrecy: fact({ withinMs: 'never' as const }),
    recovery: fact({ withinMs: 'never' as const }),
    postQuantum: fact('none' as const),
    authenticated: fact(false),
    exposed: fact(['subject', 'attachments', 'reactions'] as const),
    engine: 'unknown',
  };
}
