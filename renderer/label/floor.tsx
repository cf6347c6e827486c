import { useState, type ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { PeerId } from '../../shared/ids.ts';
import { floors, type Floor } from '../../shared/label/floor.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { Choice } from '../ui/choice.tsx';
import { say, words } from '../words.ts';

/** Opens where the floor is set that a conversation stands on. */
export function showFloor({ floor, peer, account, kind, id }: ConversationRow): void {
  if (floor.from === 'everybody') showSheet({ kind: 'settings' });
  else if (peer !== null) showSheet({ kind: 'contact', peer, account });
  else if (kind === 'group') showSheet({ kind: 'group', conversation: id });
}

/** The least private that may be sent to a person, or to everybody (null). Less than before is asked in the shell's own window. */
export function FloorChoice({ peer }: { readonly peer: PeerId | null }): ReactNode {
  const [turn, setTurn] = useState(0);
  const [told, setTold] = useState<string | null>(null);
  const floor = useAnswer(() => call('floor.get', { peer }), [peer, turn]);
  if (floor === null) return null;

  function set(next: Floor): void {
    setTold(null);
    insist('floor.set', { request: newRequest(), peer, floor: next })
      .catch((error: unknown) =>
        setTold(kindOf(error) === 'refused' ? say('floor.kept') : words.error(kindOf(error)).what),
      )
      .finally(() => setTurn((before) => before + 1));
  }

  return (
    <div>
      <Choice
        label={say(peer === null ? 'floor.everybody' : 'floor.person')}
        means={`${say(peer === null ? 'floor.everybody.means' : 'floor.person.means')} ${say('floor.lowering')}`}
        value={floor}
        options={floors.map((value) => ({ value, label: say(`floor.${value}`) }))}
        onChange={set}
      />
      <output>{told}</output>
    </div>
  );
}
