import * as v from 'valibot';
import { PlainsealError } from '../../../shared/errors.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../../shared/lane/protocol.ts';
import { coreCallSchemas, laneNewsSchemas } from '../../../shared/lane/schema.ts';
import type { Pipe } from '../../../shared/wire/pipe.ts';
import { link, type Handlers, type Link } from '../../../shared/wire/rpc.ts';
import type { Log } from '../log.ts';

export type LaneLine = Link<LaneCalls, Record<string, never>, LaneNews>;
type NewsName = keyof LaneNews & keyof typeof laneNewsSchemas;

/** Core's end of a lane's pipe. Every call is checked before it is served, every piece of news before it is heard. */
export function openLine(options: {
  readonly pipe: Pipe;
  readonly serve: Handlers<CoreCalls>;
  readonly hear: <K extends NewsName>(name: K, payload: LaneNews[K]) => void;
  readonly log: Log;
}): LaneLine {
  const { pipe, serve, hear, log } = options;
  const line = link<CoreCalls, LaneCalls, Record<string, never>, LaneNews>({
    pipe,
    serve,
    check: checkCall,
    fault: () => log('lane.fault'),
  });
  for (const name of Object.keys(laneNewsSchemas) as NewsName[])
    line.listen(name, (payload) => {
      const read = v.safeParse(laneNewsSchemas[name], payload);
      if (read.success) hear(name, read.output as LaneNews[typeof name]);
      else log('lane.malformed', { news: name });
    });
  return line;
}

function checkCall(name: string, args: unknown): unknown {
  if (!Object.hasOwn(coreCallSchemas, name)) throw new PlainsealError('bad-request', 'no such call');
  const read = v.safeParse(coreCallSchemas[name as keyof typeof coreCallSchemas], args);
  if (!read.success) throw new PlainsealError('bad-request', `malformed ${name}: ${placeOf(read.issues[0])}`);
  return read.output;
}

/** Where in the argument it went wrong: member names of ours only, never values. */
export function placeOf(issue: v.BaseIssue<unknown> | undefined): string {
  const path = issue?.path?.map((item) => (typeof item.key === 'number' ? '#' : String(item.key)));
  return (path ?? []).slice(0, 8).join('.').slice(0, 120);
}
