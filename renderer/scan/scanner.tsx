import { useRef, useState, type ClipboardEvent, type FormEvent, type ReactNode } from 'react';
import { recognise, type CodeKind } from '../../shared/code.ts';
import { Trouble } from '../flows/trouble.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { say, words } from '../words.ts';
import { Camera } from './camera.tsx';
import { readPicture } from './read-picture.ts';
import styles from './scanner.module.css';

/** What was found that is not taken: a code of another kind, or no code at all. */
type Refused = CodeKind | 'nothing';

/**
 * Takes a code by camera, from a picture, or pasted. Only kinds of `accepts` are handed on; any other is named and nothing is done with it.
 * `field`: false where the place has one of its own to paste into.
 */
export function Scanner({
  accepts,
  onCode,
  field = true,
}: {
  readonly accepts: readonly CodeKind[];
  readonly onCode: (code: Uint8Array) => void;
  readonly field?: boolean;
}): ReactNode {
  const [looking, setLooking] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [text, setText] = useState('');
  const file = useRef<HTMLInputElement>(null);

  function take(code: Uint8Array | null): void {
    setLooking(false);
    const kind = code === null ? null : recognise(code);
    if (code !== null && kind !== null && accepts.includes(kind)) {
      setRefused(null);
      onCode(code);
    } else setRefused(kind ?? 'nothing');
    // A secret key does not stay in a field.
    setText('');
  }

  function takePicture(picture: Blob | undefined): void {
    if (picture) void readPicture(picture).then(take);
  }

  function paste(event: ClipboardEvent): void {
    const [picture] = event.clipboardData.files;
    if (!picture) return;
    event.preventDefault();
    takePicture(picture);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim() !== '') take(new TextEncoder().encode(text.trim()));
  }

  return (
    <form className={styles['scanner']} onSubmit={submit} onPaste={paste}>
      <div className={styles['acts']}>
        <Button onClick={() => setLooking(!looking)}>
          {say(looking ? 'scan.camera.stop' : 'scan.camera')}
        </Button>
        <Button onClick={() => file.current?.click()}>{say('scan.picture')}</Button>
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          data-testid="scan-file"
          onChange={(event) => {
            takePicture(event.currentTarget.files?.[0]);
            // The same picture may be chosen again.
            event.currentTarget.value = '';
          }}
        />
      </div>
      {looking ? <Camera onCode={take} /> : null}
      {field ? (
        <div className={styles['line']}>
          <TextField
            label={say('scan.paste')}
            name="code"
            autoComplete="off"
            spellCheck={false}
            maxLength={4_000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" disabled={text.trim() === ''}>
            {say('scan.use')}
          </Button>
        </div>
      ) : null}
      {refused === null ? null : refused === 'nothing' ? (
        <Trouble
          what={say('scan.nothing.what')}
          means={say('scan.nothing.means')}
          todo={say('scan.nothing.do')}
        />
      ) : (
        <Trouble {...words.codeRefused(refused, accepts)} />
      )}
    </form>
  );
}
