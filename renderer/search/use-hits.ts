import { useEffect, useState } from 'react';
import type { SearchHit } from '../../shared/contract/message.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { call } from '../app/core.ts';

/** Messages asked for at a time. */
const PAGE = 30;
/** Wait after the last key before searching, in ms. */
const WAIT_MS = 80;

export type Hits = {
  readonly hits: readonly SearchHit[];
  readonly more: boolean;
  readonly searching: boolean;
  readonly extend: () => void;
};

/** The messages a query finds, newest first; an older answer never replaces that of a newer query. */
export function useHits(query: string, scope: ConversationId | null): Hits {
  const [found, setFound] = useState<{ query: string; hits: readonly SearchHit[]; more: boolean }>({
    query: '',
    hits: [],
    more: false,
  });
  const text = query.trim();
  useEffect(() => {
    if (text === '') return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call('search', { text, in: scope, before: null, limit: PAGE }, stop.signal).then(
        ({ rows, more }) => setFound({ query: text, hits: rows, more }),
        () => {
          if (!stop.signal.aborted) setFound({ query: text, hits: [], more: false });
        },
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, scope]);
  return {
    hits: text === '' ? [] : found.hits,
    more: text !== '' && found.more && found.query === text,
    searching: text !== '' && text !== found.query,
    extend() {
      const before = found.hits.at(-1)?.id;
      if (before === undefined) return;
      call('search', { text, in: scope, before, limit: PAGE }).then(
        ({ rows, more }) =>
          setFound((now) => (now.query === text ? { query: text, hits: [...now.hits, ...rows], more } : now)),
        () => undefined,
      );
    },
  };
}
