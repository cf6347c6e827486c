import { Paperclip, Smile, X } from 'lucide-react';
import {
  useEffect,
  useRef,
  useState,
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { MAX_TEXT_LENGTH } from '../../shared/contract/content.ts';
import { isWeak } from '../../shared/label/label.ts';
import { belowFloor } from '../../shared/label/rules.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import { plainFileName, plainName } from '../../shared/words/plain-name.ts';
import { call } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { showFloor } from '../label/floor.tsx';
import { LabelWords, shortRoute } from '../label/line.tsx';
import { aboutOf, Stated } from '../label/stated.tsx';
import { EmojiPicker } from '../messages/emoji-picker.tsx';
import { QuoteWords } from '../messages/quote.tsx';
import { useSettings } from '../settings/store.ts';
import { Button, IconButton, LinkButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import { AccountLine } from './account-line.tsx';
import styles from './composer.module.css';
import {
  beginDraft,
  cancelReply,
  draftOf,
  flushDraft,
  putUpload,
  removeUpload,
  sendDraft,
  tellTrouble,
  useDrafts,
  writeDraft,
} from './store.ts';
import { chooseFiles, pickFiles, streamFile, type Upload } from './upload.ts';

/** Typing is told at most this often, and taken back after this long without a key, in ms. */
const TYPING_MS = 4_000;

/** Where a message is written: who could read it first, then the text, then the tools. */
export function Composer({ row }: { readonly row: ConversationRow }): ReactNode {
  const known = useDrafts((state) => state.drafts.get(row.id));
  const draft = known ?? draftOf(row);
  const withEnter = useSettings((settings) => settings.sendWithEnter);
  const field = useRef<HTMLTextAreaElement>(null);
  const [over, setOver] = useState(false);
  const typing = useTyping(row);
  const { id } = row;
  const { readers } = row.label;
  const { kind } = readers;
  const below = belowFloor(row.label, row.floor.least);
  const openly = isWeak(readers);
  const canFiles = row.can.files !== 'no';
  const tooLong = draft.text.length - MAX_TEXT_LENGTH;
  const loading = draft.files.some((file) => file.id === null || file.done < file.size);
  const ready =
    !draft.handing && !loading && tooLong <= 0 && (draft.text.trim() !== '' || draft.files.length > 0);

  useEffect(() => {
    beginDraft(row);
    return () => flushDraft(id);
    // The row changes often; what is written belongs to its id.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [id]);

  function send(): void {
    if (!ready) return;
    typing.stop();
    void sendDraft(row);
    field.current?.focus();
  }

  function press(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl || (withEnter && !event.shiftKey && !event.altKey)) {
      event.preventDefault();
      send();
    }
  }

  function take(files: readonly File[]): void {
    for (const file of files)
      streamFile(file, file.name, (upload) => putUpload(id, upload)).catch((error: unknown) => {
        if (kindOf(error) !== 'cancelled')
          tellTrouble(id, say('file.failed', { name: plainFileName(file.name) }));
      });
  }

  function paste(event: ClipboardEvent): void {
    const files = [...event.clipboardData.files];
    if (files.length === 0 || !canFiles) return;
    event.preventDefault();
    take(files);
  }

  function drop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    take([...event.dataTransfer.files]);
  }

  return (
    <div
      className={cx(styles['place'], styles[kind])}
      data-region="composer"
      onDragOver={(event) => {
        if (!canFiles || !event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={canFiles ? drop : undefined}
    >
      <div className={cx(styles['box'], over && styles['over'])}>
        <div className={styles['label']}>
          <span data-testid="composer-label">
            <LabelWords kind={kind}>
              <Stated text={composerSentence(row)} name={aboutOf(row).name} />
            </LabelWords>
          </span>
          <Via row={row} />
        </div>
        {below ? (
          <p className={styles['below']} data-testid="composer-below">
            {say('floor.composer')}{' '}
            <Button small onClick={() => showFloor(row)}>
              {say('floor.show')}
            </Button>
          </p>
        ) : null}
        {draft.reply === null ? null : (
          <div className={styles['reply']}>
            <div className={styles['quoted']}>
              <QuoteWords name={draft.reply.name} text={draft.reply.text} />
            </div>
            <IconButton label={say('composer.reply.cancel')} onClick={() => cancelReply(id)}>
              <X aria-hidden="true" />
            </IconButton>
          </div>
        )}
        {draft.files.length === 0 ? null : (
          <ul className={styles['files']}>
            {draft.files.map((file) => (
              <FileChip key={file.local} file={file} onRemove={() => removeUpload(id, file.local)} />
            ))}
          </ul>
        )}
        <textarea
          ref={field}
          className={styles['text']}
          data-testid="composer"
          data-start
          aria-label={say('composer.label')}
          placeholder={
            openly
              ? say('composer.placeholder.open')
              : say('composer.placeholder', { name: plainName(row.title, say('name.none')) })
          }
          rows={1}
          dir="auto"
          value={draft.text}
          onChange={(event) => {
            writeDraft(id, event.currentTarget.value);
            typing.key();
          }}
          onBlur={() => flushDraft(id)}
          onKeyDown={press}
          onPaste={paste}
        />
        <div className={styles['tools']}>
          {canFiles ? (
            <IconButton
              label={say('composer.attach')}
              onClick={() => {
                pickFiles((upload) => putUpload(id, upload)).catch(async (error: unknown) => {
                  if (kindOf(error) === 'refused') take(await chooseFiles());
                  else if (kindOf(error) !== 'cancelled') tellTrouble(id, words.error(kindOf(error)).what);
                });
              }}
            >
              <Paperclip aria-hidden="true" />
            </IconButton>
          ) : null}
          <EmojiPicker
            own={[]}
            onPick={(emoji) => {
              insertAt(field.current, emoji, (text) => writeDraft(id, text));
            }}
            trigger={
              <IconButton label={say('composer.emoji')}>
                <Smile aria-hidden="true" />
              </IconButton>
            }
          />
          <output className={styles['trouble']}>
            {tooLong > 0 ? say('composer.too-long', { count: tooLong }) : draft.trouble}
          </output>
          <Button
            small
            look={openly && !below ? 'open' : 'go'}
            className={styles['send']}
            aria-disabled={!ready}
            title={say(withEnter ? 'composer.hint.enter' : 'composer.hint.ctrl')}
            onClick={send}
          >
            {say(below ? 'floor.hold' : openly ? 'composer.send-openly' : 'composer.send')}
          </Button>
        </div>
        <AccountLine account={row.account} />
        {over ? <div className={styles['catch']}>{say('composer.drop')}</div> : null}
      </div>
    </div>
  );
}

/** Over what it goes. Of somebody with several ways it is said in full, and leads to the others: never does it change by itself. */
function Via({ row }: { readonly row: ConversationRow }): ReactNode {
  const { peer, account, person, label } = row;
  if (peer === null || person === null)
    return <span className={styles['via']}>{say('composer.via', { network: shortRoute(label) })}</span>;
  return (
    <span className={styles['via']} data-testid="composer-route">
      {say('routes.over', { network: words.networkName(label.network) })}{' '}
      <LinkButton onClick={() => showSheet({ kind: 'contact', peer, account })}>
        {say('routes.other')}
      </LinkButton>
    </span>
  );
}

/** Who can read what is written next. */
function composerSentence(row: ConversationRow): string {
  const { readers } = row.label;
  return readers.kind === 'provider'
    ? say('label.provider.composer', { who: words.holdersName(readers.who) })
    : words.readersSentence(row.label, aboutOf(row));
}

/** Puts text where the cursor stands. */
function insertAt(field: HTMLTextAreaElement | null, text: string, write: (text: string) => void): void {
  if (!field) return;
  const { selectionStart: from, selectionEnd: to, value } = field;
  write(value.slice(0, from) + text + value.slice(to));
  requestAnimationFrame(() => {
    field.focus();
    field.setSelectionRange(from + text.length, from + text.length);
  });
}

function FileChip({ file, onRemove }: { readonly file: Upload; readonly onRemove: () => void }): ReactNode {
  const name = plainFileName(file.name, say('name.file.none'));
  const waiting = file.id === null || file.done < file.size;
  return (
    <li className={styles['chip']}>
      <bdi>{name}</bdi>
      {waiting ? (
        <progress
          aria-label={say('composer.loading', { name })}
          max={Math.max(1, file.size)}
          value={file.done}
        />
      ) : null}
      <IconButton label={say('file.remove', { name })} onClick={onRemove}>
        <X aria-hidden="true" />
      </IconButton>
    </li>
  );
}

/** Tells the other side that something is written, where the network has such a thing. */
function useTyping(row: ConversationRow): { readonly key: () => void; readonly stop: () => void } {
  const told = useRef<{ at: number; timer: ReturnType<typeof setTimeout> | undefined }>({
    at: 0,
    timer: undefined,
  });
  const conversation = row.id;
  const able = row.can.typing !== 'no';
  const stop = (): void => {
    const state = told.current;
    clearTimeout(state.timer);
    if (state.at === 0) return;
    state.at = 0;
    call('typing.set', { conversation, on: false }).catch(() => undefined);
  };
  // Only when the conversation is left.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(() => stop, [conversation]);
  return {
    stop,
    key() {
      if (!able) return;
      const state = told.current;
      clearTimeout(state.timer);
      state.timer = setTimeout(stop, TYPING_MS);
      if (Date.now() - state.at < TYPING_MS) return;
      state.at = Date.now();
      call('typing.set', { conversation, on: true }).catch(() => undefined);
    },
  };
}
