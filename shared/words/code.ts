import type { CodeKind } from '../code.ts';
import type { Say } from './say.ts';

/** What is said of codes. */
export function codeWords(say: Say, region: string) {
  /** `an e-mail invitation`: stands inside a sentence. */
  const codeName = (kind: CodeKind): string => say(`code.${kind}`);

  /**
   * A code in a place that takes others: what it is, that nothing was done, and what the place takes. `instead`: what to do where the code
   * would be taken somewhere else.
   */
  function codeRefused(
    found: CodeKind,
    wanted: readonly CodeKind[],
    instead: string | null = null,
  ): { readonly what: string; readonly means: string; readonly todo: string } {
    if (found === 'signal-link' || found === 'nostr-secret') {
      const id = found === 'signal-link' ? 'link-code' : 'secret-code';
      return { what: say(`${id}.what`), means: say(`${id}.means`), todo: say(`${id}.do`) };
    }
    const names = wanted.filter((kind) => kind !== 'unknown').map(codeName);
    const list = new Intl.ListFormat(region, { type: 'disjunction' }).format(names);
    return {
      what: say('code.refused.what', { found: codeName(found) }),
      means: say('code.refused.means'),
      todo:
        instead ??
        (names.length === 0 ? say('code.refused.do.text') : say('code.refused.do', { wanted: list })),
    };
  }

  return { codeName, codeRefused };
}
