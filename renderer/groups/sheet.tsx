import { Ellipsis } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ConversationRow, MemberRow, Members, Role } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { MAX_GROUP_TITLE } from '../../shared/lane/intent.ts';
import { nameInSentence, plainName } from '../../shared/words/plain-name.ts';
import { showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { Glyph } from '../label/glyph.tsx';
import { Stated } from '../label/stated.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { changeGroup, useMembers } from './members.ts';
import { PickPeople, type Picked } from './pick.tsx';
import styles from './sheet.module.css';

type Edit = CallArgs<'group.change'>['change'];

/** Who is in a group, who of them was checked, and what I may change of it. */
export function GroupSheet({ conversation }: { readonly conversation: ConversationId }): ReactNode {
  const row = useChats((chats) => chats.rows.get(conversation));
  const members = useMembers(conversation);
  const [failed, setFailed] = useState(false);
  if (!row || !members) return null;
  const change = (edit: Edit): void => {
    setFailed(false);
    changeGroup(row, edit).catch(() => setFailed(true));
  };
  const count = members.rows.length;
  return (
    <Sheet
      title={<bdi className={styles['title']}>{plainName(row.title, say('name.none'))}</bdi>}
      sub={words.identitySentence(row.label)}
      onClose={() => showSheet(null)}
    >
      <Waiting members={members} />
      <h3 className={styles['heading']}>
        {count === 0 ? say('group.alone') : say('group.count', { count })}
      </h3>
      <ul className={styles['members']} data-testid="members">
        <li className={styles['member']} data-testid="member">
          <span className={styles['name']}>{say('group.you')}</span>
          <span className={styles['role']}>{roleWords(members.me.role)}</span>
        </li>
        {members.rows.map((member) => (
          <Member key={member.peer} member={member} row={row} onChange={change} />
        ))}
      </ul>
      <Acts row={row} members={members} onChange={change} />
      <output className={styles['told']}>
        {failed ? `${say('group.failed')} ${say('group.failed.do')}` : null}
      </output>
    </Sheet>
  );
}

/** What I have changed and the group has not been told yet. */
function Waiting({ members }: { readonly members: Members }): ReactNode {
  const { renaming, leaving } = members;
  if (renaming === null && !leaving) return null;
  return (
    <div className={styles['waiting']}>
      {renaming === null ? null : (
        <p>
          <Stated text={say('group.waits.rename', { title: nameInSentence(renaming) })} name={renaming} />
        </p>
      )}
      {leaving ? <p>{say('group.waits.leave')}</p> : null}
    </div>
  );
}

/** Only what sets somebody apart is said. */
function roleWords(role: Role | null): string | null {
  return role === 'admin' || role === 'invited' ? say(`group.role.${role}`) : null;
}

function Member({
  member,
  row,
  onChange,
}: {
  readonly member: MemberRow;
  readonly row: ConversationRow;
  readonly onChange: (edit: Edit) => void;
}): ReactNode {
  const { peer, role, trust, blocked, waits } = member;
  const name = plainName(member.name, say('name.none'));
  const items = actsOn(member, row, onChange);
  return (
    <li className={styles['member']} data-testid="member">
      <span className={styles['name']}>
        <bdi>{name}</bdi>
      </span>
      <span className={styles['role']}>{waits === null ? roleWords(role) : say(`group.waits.${waits}`)}</span>
      <span className={styles['trust']}>
        {blocked ? (
          say('block.member')
        ) : (
          <>
            <Glyph kind={trust.kind} />
            {words.trustSentence(trust)}
          </>
        )}
      </span>
      <span className={styles['more']}>
        <Menu
          trigger={
            <IconButton label={say('group.member.acts', { name })}>
              <Ellipsis aria-hidden="true" />
            </IconButton>
          }
          items={[
            {
              key: 'who',
              label: say('group.member.who'),
              onSelect: () => showSheet({ kind: 'contact', peer, account: row.account }),
            },
            {
              key: 'report',
              label: say('report.act'),
              means: say('report.act.means'),
              onSelect: () =>
                showSheet({ kind: 'report', conversation: row.id, of: { peer, name: member.name } }),
            },
            ...items,
          ]}
        />
      </span>
    </li>
  );
}

/** What I may change of somebody now; nothing while a change of them waits. */
function actsOn(
  { peer, role, waits }: MemberRow,
  { can }: ConversationRow,
  onChange: (edit: Edit) => void,
): readonly MenuItem[] {
  if (waits !== null) return [];
  const items: MenuItem[] = [];
  if (can['set-admin'] === 'yes' && role === 'member')
    items.push({
      key: 'promote',
      label: say('group.promote'),
      means: say('group.promote.means'),
      onSelect: () => onChange({ act: 'promote', peer }),
    });
  if (can['set-admin'] === 'yes' && role === 'admin')
    items.push({
      key: 'demote',
      label: say('group.demote'),
      onSelect: () => onChange({ act: 'demote', peer }),
    });
  if (can['remove-member'] === 'yes')
    items.push({
      key: 'remove',
      label: say('group.remove'),
      means: say('group.remove.means'),
      onSelect: () => onChange({ act: 'remove', peer }),
    });
  return items;
}

/** Adding, renaming and leaving; each opens in place. */
function Acts({
  row,
  members,
  onChange,
}: {
  readonly row: ConversationRow;
  readonly members: Members;
  readonly onChange: (edit: Edit) => void;
}): ReactNode {
  const [open, setOpen] = useState<'add' | 'rename' | 'leave' | null>(null);
  const { can } = row;
  const done = (edit: Edit): void => {
    setOpen(null);
    onChange(edit);
  };
  const fold = (which: 'add' | 'rename' | 'leave') => ({
    open: open === which,
    onToggle: () => setOpen(open === which ? null : which),
  });
  if (members.leaving || can.leave === 'no') return null;
  const limited = typeof can.rename === 'object' ? can.rename.limit : null;
  return (
    <div className={styles['acts']}>
      {can['add-member'] === 'yes' ? (
        <Fold name={say('group.add')} means={say('group.add.means')} {...fold('add')}>
          <Add row={row} members={members} onDone={done} />
        </Fold>
      ) : null}
      {can.rename === 'yes' ? (
        <Fold name={say('group.rename')} means={say('group.new.name.means')} {...fold('rename')}>
          <Rename title={members.renaming ?? row.title} onDone={done} />
        </Fold>
      ) : null}
      {limited === null ? null : <p className={styles['stated']}>{words.limit(limited)}</p>}
      <Fold name={say('group.leave')} means={say('group.leave.means')} {...fold('leave')}>
        {can.leave === 'yes' ? (
          <div className={styles['sure']}>
            <p>
              <b>{say('group.leave.sure')}</b> {say('group.leave.sure.means')}
            </p>
            <Button onClick={() => done({ act: 'leave' })}>{say('group.leave')}</Button>
          </div>
        ) : (
          <div className={styles['sure']}>
            <p>
              {words.limit(can.leave.limit)} {say('group.leave.only-admin.do')}
            </p>
          </div>
        )}
      </Fold>
    </div>
  );
}

function Fold({
  name,
  means,
  open,
  onToggle,
  children,
}: {
  readonly name: string;
  readonly means: string;
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className={styles['fold']}>
      <button type="button" aria-expanded={open} onClick={onToggle}>
        <b>{name}</b>
        <small>{means}</small>
      </button>
      {open ? <div className={styles['inside']}>{children}</div> : null}
    </section>
  );
}

function Add({
  row,
  members,
  onDone,
}: {
  readonly row: ConversationRow;
  readonly members: Members;
  readonly onDone: (edit: Edit) => void;
}): ReactNode {
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  return (
    <>
      <PickPeople
        account={row.account}
        picked={picked}
        without={members.rows.map(({ peer }) => peer)}
        onChange={setPicked}
      />
      <Button
        look="go"
        disabled={picked.length === 0}
        onClick={() => onDone({ act: 'add', peers: picked.map(({ peer }) => peer) })}
      >
        {say('group.add.go')}
      </Button>
    </>
  );
}

function Rename({
  title,
  onDone,
}: {
  readonly title: string;
  readonly onDone: (edit: Edit) => void;
}): ReactNode {
  const [text, setText] = useState(title);
  const may = text.trim() !== '' && text.trim() !== title && text.trim().length <= MAX_GROUP_TITLE;
  return (
    <form
      className={styles['rename']}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (may) onDone({ act: 'rename', title: text.trim() });
      }}
    >
      <TextField
        label={say('group.new.name')}
        name="title"
        autoComplete="off"
        maxLength={MAX_GROUP_TITLE}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button look="go" type="submit" disabled={!may}>
        {say('group.rename.go')}
      </Button>
    </form>
  );
}
