import * as v from 'valibot';
import { callSchemas, type Calls } from '../../shared/contract/calls.ts';
import type { EventName, Events } from '../../shared/contract/events.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { link, type Handlers, type Link } from '../../shared/wire/rpc.ts';
import { flows } from './flows.ts';
import { groups } from './groups.ts';
import type { Memory, Tell } from './memory.ts';
import { reads } from './reads.ts';
import { writes } from './writes.ts';

/** A core in memory behind the same contract as the real one: for the gallery and for tests of the page. */
export function fakeCore(memory: Memory): { readonly attach: (pipe: Pipe) => void; readonly tell: Tell } {
  const pages = new Set<Link<Record<never, never>, Events, Record<never, never>>>();

  const tell: Tell = (conversations, ids, also = {}) => {
    memory.seq += 1;
    for (const page of pages)
      page.emit('changed', {
        seq: memory.seq,
        inbox: true,
        accounts: false,
        settings: false,
        conversations,
        messages: ids,
        rows: null,
        ...also,
      });
  };

  const emit = <K extends EventName>(name: K, payload: Events[K]): void => {
    for (const page of pages) page.emit(name, payload);
  };

  const serve: Handlers<Calls> = {
    ...reads(memory),
    ...writes(memory, tell),
    ...groups(memory, tell),
    ...flows(memory, tell, emit),
  };

  return {
    tell,
    attach(pipe) {
      const page = link<Calls, Record<never, never>, Events, Record<never, never>>({
        pipe,
        serve,
        check(name, args) {
          memory.asked.push({ name, args });
          const schema = Object.hasOwn(callSchemas, name)
            ? callSchemas[name as keyof typeof callSchemas]
            : null;
          const read = schema ? v.safeParse(schema, args) : null;
          if (!read?.success) throw new PlainsealError('bad-request', name);
          return read.output;
        },
      });
      pages.add(page);
      page.ended(() => pages.delete(page));
    },
  };
}
