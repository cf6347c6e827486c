import { useState, type ReactNode } from 'react';
import { MAX_REPORTED, type ReportedMessage, type ReportPreview } from '../../shared/contract/report.ts';
import { kindOf } from '../../shared/errors.ts';
import type { ConversationId, MessageId, Millis, PeerId } from '../../shared/ids.ts';
import { nameInSentence, plainFileName, plainName } from '../../shared/words/plain-name.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { networkFacts } from '../label/network-facts.ts';
import { Stated } from '../label/stated.tsx';
import { useMessages } from '../messages/store.ts';
import { KeyGroups } from '../people/key-groups.tsx';
import { Button } from '../ui/button.tsx';
import { Facts } from '../ui/facts.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import styles from './sheet.module.css';

/** Reporting somebody: which of their messages, then everything the file would reveal, then where it goes. */
export function ReportSheet({
  conversation,
  of,
}: {
  readonly conversation: ConversationId;
  /** Somebody in a group; null: the other one of two. */
  readonly of: { readonly peer: PeerId; readonly name: string } | null;
}): ReactNode {
  const somebody = of?.peer ?? null;
  const row = useChats((chats) => chats.rows.get(conversation));
  const shown = useMessages((state) => state.opened.get(conversation)?.rows);
  const [picked, setPicked] = useState<readonly MessageId[]>([]);
  const preview = useAnswer<ReportPreview>(
    () =>
      picked.length === 0
        ? null
        : call('report.preview', { conversation, of: somebody, messages: [...picked] }),
    [conversation, somebody, picked],
  );
  if (!row) return null;
  const theirs = (shown ?? []).flatMap((each) =>
    each.kind === 'message' &&
    !each.author.me &&
    !each.deleted &&
    (somebody === null || each.author.peer === somebody)
      ? [each]
      : [],
  );
  const called = of?.name ?? row.title;
  const name = nameInSentence(called, say('name.none'));
  return (
    <Sheet
      title={<Stated text={say('report.title', { name })} name={called} />}
      sub={say('report.sub')}
      onClose={() => showSheet(null)}
    >
      <div className={styles['report']}>
        <fieldset>
          <legend>{say('report.choose')}</legend>
          <p>{say(theirs.length === 0 ? 'report.none' : 'report.only')}</p>
          <ul className={styles['pick']}>
            {theirs.map(({ id, content, files, receivedAt }) => (
              <li key={id}>
                <label>
                  <input
                    type="checkbox"
                    checked={picked.includes(id)}
                    disabled={!picked.includes(id) && picked.length >= MAX_REPORTED}
                    onChange={({ currentTarget: { checked } }) =>
                      setPicked(checked ? [...picked, id] : picked.filter((each) => each !== id))
                    }
                  />
                  <span>
                    <Words text={content.text} count={files.length} />
                    <small>{moment(receivedAt)}</small>
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
        {preview === null || picked.length === 0 ? null : (
          <Revealed preview={preview} conversation={conversation} of={somebody} messages={picked} />
        )}
      </div>
    </Sheet>
  );
}

function Words({ text, count }: { readonly text: string; readonly count: number }): ReactNode {
  return (
    <>
      {text === '' && count === 0 ? say('report.text-none') : <bdi className="said">{text}</bdi>}
      {count === 0 ? null : <small>{say('report.files', { count })}</small>}
    </>
  );
}

/** Exactly what the file holds, whom it is for, and what it proves. */
function Revealed({
  preview: { contents, sha256 },
  conversation,
  of,
  messages,
}: {
  readonly preview: ReportPreview;
  readonly conversation: ConversationId;
  readonly of: PeerId | null;
  readonly messages: readonly MessageId[];
}): ReactNode {
  const [told, setTold] = useState<string | null>(null);
  const { reported, network } = contents;
  const reporting = networkFacts.reporting.find((each) => each.network === network);
  const address = network === 'email' ? abuseAddress(reported.address) : null;

  function save(): void {
    setTold(null);
    insist('report.save', {
      request: newRequest(),
      conversation,
      of,
      messages: [...messages],
      seen: sha256,
    }).then(
      (saved) => setTold(saved ? say('report.saved') : null),
      (error: unknown) =>
        setTold(kindOf(error) === 'conflict' ? say('report.changed') : words.error(kindOf(error)).what),
    );
  }

  return (
    <>
      <section>
        <h3>{say('report.reveals')}</h3>
        <Facts
          rows={[
            { name: say('report.network'), value: words.routeName(contents) },
            {
              name: say('report.who'),
              value: <bdi className="said">{plainName(reported.address ?? reported.id)}</bdi>,
            },
            {
              name: say('report.key'),
              value:
                reported.fingerprint === null ? (
                  say('report.key.none')
                ) : (
                  <KeyGroups identity={reported.fingerprint} />
                ),
            },
          ]}
        />
        <ul className={styles['messages']}>
          {contents.messages.map((message) => (
            <Reported key={message.key} message={message} />
          ))}
        </ul>
        <details>
          <summary>{say('report.whole')}</summary>
          <pre data-testid="report-whole">{JSON.stringify(contents, null, 2)}</pre>
        </details>
      </section>
      <section>
        <h3>{say('report.to')}</h3>
        <p data-testid="report-to">
          {reporting ? words.sayCode(reporting.note) : null}{' '}
          {address === null ? null : <bdi className="said">{plainName(address)}</bdi>}
        </p>
      </section>
      <section>
        <h3>{say('report.proves')}</h3>
        <p>
          {say('report.proves.whole')} {say('report.proves.not')}
        </p>
        <p>{say('report.number')}</p>
        <KeyGroups identity={sha256} />
      </section>
      <Button look="go" onClick={save}>
        {say('report.save')}
      </Button>
      <output>{told}</output>
    </>
  );
}

function Reported({ message }: { readonly message: ReportedMessage }): ReactNode {
  const { text, files, sentAt, receivedAt, known, proof } = message;
  return (
    <li>
      <Words text={text} count={files.length} />
      {files.map(({ name }) => (
        <small key={name}>{plainFileName(name, say('name.file.none'))}</small>
      ))}
      <small>
        {say('report.times', { sent: moment(sentAt), came: moment(receivedAt) })}{' '}
        {known === 'not-kept' ? say('report.known.not-kept') : words.evidenceHow(known)}.{' '}
        {say(`evidence.proof.${proof}`)}.
      </small>
    </li>
  );
}

const moment = (at: Millis): string => `${words.date(at)}, ${words.clock(at)}`;

/** Where a provider takes reports by custom (RFC 2142 section 4). */
function abuseAddress(address: string | null): string | null {
  const domain = address?.split('@').at(-1) ?? '';
  return address === null || !address.includes('@') || domain === '' ? null : `abuse@${domain}`;
}
