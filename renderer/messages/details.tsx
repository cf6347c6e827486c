import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageDetails } from '../../shared/contract/message.ts';
import type { MessageId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { useAnswer } from '../app/answer.ts';
import { call } from '../app/core.ts';
import { useNow } from '../app/now.ts';
import { showDetails } from '../app/view.ts';
import { ShortLabel } from '../label/line.tsx';
import { aboutOf } from '../label/stated.tsx';
import { Drawer } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { Deliveries } from './deliveries.tsx';
import styles from './details.module.css';
import { EvidenceFacts, Fact, Kept, Paths } from './evidence.tsx';
import { QuoteWords } from './quote.tsx';
import { authorName, fate, firstWords, stays, type SaidRow } from './state.ts';
import { useMessages } from './store.ts';

/** Of an earlier version no more is shown, in UTF-16 units. */
const MAX_REVISION = 500;
/** Reactions that are listed; more are hostile. */
const MAX_REACTIONS = 50;

/** What is written down of one message: the way it went, and what held when it was sealed or opened. */
export function DetailsDrawer({
  id,
  chat,
}: {
  readonly id: MessageId;
  readonly chat: ConversationRow;
}): ReactNode {
  const row = useMessages((state) => state.opened.get(chat.id)?.rows.find((each) => each.id === id));
  // Asked again when the row changes: a receipt or a delivery may have come.
  const details = useAnswer(
    () => call('message.details', { id }),
    [id, row],
    () => showDetails(null),
  );
  return (
    <Drawer title={say('evidence.title')} closeLabel={say('details.close')} onClose={() => showDetails(null)}>
      <div data-region="drawer" data-testid="details">
        {row?.kind === 'message' ? (
          <>
            <div className={styles['quoted']}>
              <QuoteWords name={authorName(row)} text={firstWords(row)} />
            </div>
            <p className={styles['fixed']}>{say('evidence.fixed')}</p>
            <Way row={row} chat={chat} details={details} />
            <Stays row={row} />
          </>
        ) : null}
        {details ? <Held details={details} chat={chat} /> : null}
      </div>
    </Drawer>
  );
}

/** The steps of a message, in the order they happened. */
function Way({
  row,
  chat,
  details,
}: {
  readonly row: SaidRow;
  readonly chat: ConversationRow;
  readonly details: MessageDetails | null;
}): ReactNode {
  const steps: { readonly what: string; readonly at: number }[] = [];
  const { sending } = row;
  if (sending) {
    steps.push({ what: say('details.written'), at: row.sentAt });
    if (details?.evidence)
      steps.push({ what: words.evidenceHow(details.evidence.how), at: details.evidence.at });
    if (sending.acceptedAt !== null)
      steps.push({
        what: say(row.label.network === 'email' ? 'details.accepted.email' : 'details.accepted'),
        at: sending.acceptedAt,
      });
    if (sending.readAt !== null) steps.push({ what: say('send.read'), at: sending.readAt });
    else if (sending.state !== 'sent')
      steps.push({ what: fate(row, chat.label.network) ?? '', at: sending.at });
  } else {
    // What the sender's clock said; it orders nothing.
    steps.push({ what: say('details.sent-says'), at: row.sentAt });
    if (details?.evidence)
      steps.push({ what: words.evidenceHow(details.evidence.how), at: details.evidence.at });
  }
  steps.sort((left, right) => left.at - right.at);
  return (
    <>
      <h3 className={styles['heading']}>{say('details.way')}</h3>
      <ol className={styles['steps']}>
        {steps.map((step) => (
          <li key={`${step.at}${step.what}`}>
            <span>{step.what}</span>
            <time>{words.exactClock(step.at)}</time>
          </li>
        ))}
      </ol>
    </>
  );
}

/** How long it still stays, where it goes by itself. */
function Stays({ row }: { readonly row: SaidRow }): ReactNode {
  const now = useNow((state) => state.now);
  const left = stays(row, now);
  if (left === null) return null;
  return (
    <dl className={styles['facts']} data-testid="details-stays">
      <Fact name={say('details.stays')}>{left}</Fact>
    </dl>
  );
}

function Held({
  details,
  chat,
}: {
  readonly details: MessageDetails;
  readonly chat: ConversationRow;
}): ReactNode {
  const { evidence, label } = details;
  const limits = words.limitSentences(label.readers);
  return (
    <>
      <h3 className={styles['heading']}>{say('details.held')}</h3>
      <dl className={styles['facts']}>
        <Fact name={say('evidence.who')}>
          <ShortLabel label={{ ...label, sending: { ok: true } }} about={aboutOf(chat)} />
          {limits.map((limit) => (
            <span key={limit} className={styles['limit']}>
              {limit}
            </span>
          ))}
        </Fact>
        <Fact name={say('evidence.really')}>{words.identitySentence(label)}</Fact>
        <Fact name={say('details.network')}>
          {words.routeName(label)}
          {label.network === 'nostr' ? (
            <span className={styles['limit']}>
              {say('nostr.conforms')} {say('nostr.untried')}
            </span>
          ) : null}
        </Fact>
        {evidence === null ? (
          <Fact name={say('evidence.at')}>{say('evidence.none')}</Fact>
        ) : (
          <EvidenceFacts evidence={evidence} network={label.network} />
        )}
      </dl>
      <Deliveries deliveries={details.deliveries} chat={chat} />
      {details.revisions.length === 0 ? null : (
        <>
          <h3 className={styles['heading']}>{say('details.revisions')}</h3>
          <ol className={styles['list']}>
            {details.revisions.map((revision) => (
              <li key={revision.at}>
                <time>{words.exactClock(revision.at)}</time>
                <bdi className="said">{plainLetters(revision.content.text.slice(0, MAX_REVISION))}</bdi>
                <Kept evidence={revision.evidence} network={label.network} />
              </li>
            ))}
          </ol>
        </>
      )}
      {details.reactions.length === 0 ? null : (
        <>
          <h3 className={styles['heading']}>{say('details.reactions')}</h3>
          <ol className={styles['list']}>
            {details.reactions.slice(0, MAX_REACTIONS).map(({ by, emoji, at, evidence: kept }) => (
              <li key={by.me ? '' : by.peer}>
                <time>{words.exactClock(at)}</time>
                <bdi className="said">
                  {`${by.me ? say('message.by-you') : plainName(by.name, say('name.none'))} ${emoji.map((sign) => plainLetters(sign.slice(0, 32))).join(' ')}`}
                </bdi>
                <Kept evidence={kept} network={label.network} />
              </li>
            ))}
          </ol>
        </>
      )}
      {evidence === null ? null : <Paths evidence={evidence} />}
    </>
  );
}
