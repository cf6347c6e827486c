import { Download, File as FileIcon, Image as ImageIcon } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import type { FileRow } from '../../shared/contract/message.ts';
import { plainFileName } from '../../shared/words/plain-name.ts';
import { insist, newRequest } from '../app/core.ts';
import { IconButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { say } from '../words.ts';
import styles from './files.module.css';
import { isPicture, loadPicture } from './picture.ts';
import { Viewer } from './viewer.tsx';

/** The files of a message: pictures are shown, others are cards. Nothing is opened from here, only saved. */
export function Files({
  files,
  fetch,
}: {
  readonly files: readonly FileRow[];
  readonly fetch: boolean;
}): ReactNode {
  if (files.length === 0) return null;
  return (
    <ul className={styles['files']}>
      {files.map((file) => (
        <li key={file.id}>{fetch && isPicture(file) ? <Picture file={file} /> : <Card file={file} />}</li>
      ))}
    </ul>
  );
}

function Picture({ file }: { readonly file: FileRow }): ReactNode {
  const { id, size, type } = file;
  const [large, setLarge] = useState(false);
  const [failed, setFailed] = useState(false);
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    const gone = new AbortController();
    let url: string | null = null;
    loadPicture({ id, size, type }, gone.signal).then(
      (made) => {
        if (gone.signal.aborted) return URL.revokeObjectURL(made);
        url = made;
        setSource(made);
      },
      () => {
        if (!gone.signal.aborted) setFailed(true);
      },
    );
    return () => {
      gone.abort();
      if (url !== null) URL.revokeObjectURL(url);
    };
    // By its parts: a row that is fetched again for a reaction brings the same file anew.
  }, [id, size, type]);
  if (failed) return <Card file={file} />;
  const name = plainFileName(file.name, say('name.file.none'));
  return (
    <span className={styles['picture']}>
      {source === null ? (
        <span className={styles['blank']} />
      ) : (
        <button type="button" className={styles['open']} onClick={() => setLarge(true)}>
          <img
            src={source}
            alt={say('file.picture', { name })}
            decoding="async"
            onError={() => setFailed(true)}
          />
        </button>
      )}
      <SaveButton file={file} name={name} />
      {large && source !== null ? (
        <Viewer source={source} name={name} onClose={() => setLarge(false)} />
      ) : null}
    </span>
  );
}

/** `214 KB`. */
function sizeOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The kind of a file, from the end of its name: `PDF`. */
function kindOf(name: string): string {
  const end = /\.([a-z0-9]{1,5})$/iu.exec(name)?.[1];
  return end === undefined ? '' : ` · ${end.toUpperCase()}`;
}

function Card({ file }: { readonly file: FileRow }): ReactNode {
  const name = plainFileName(file.name, say('name.file.none'));
  const Icon = file.type.startsWith('image/') ? ImageIcon : FileIcon;
  return (
    <span className={cx(styles['card'], file.state !== 'here' && styles['away'])}>
      <Icon className={styles['sign']} aria-hidden="true" />
      <bdi className={styles['name']}>{name}</bdi>
      <span className={styles['size']}>
        {file.state === 'here' ? null : (
          <span className={styles['stated']}>
            {say(file.state === 'missing' ? 'file.missing' : 'file.not-fetched')}{' '}
          </span>
        )}
        {sizeOf(file.size)}
        {kindOf(name)}
      </span>
      {file.state === 'here' ? <SaveButton file={file} name={name} /> : null}
    </span>
  );
}

function SaveButton({ file, name }: { readonly file: FileRow; readonly name: string }): ReactNode {
  return (
    <IconButton
      className={styles['save']}
      label={say('file.save', { name })}
      onClick={() => {
        // A refusal in the shell's own dialog is an answer, not a fault.
        insist('file.save', { request: newRequest(), file: file.id }).catch(() => undefined);
      }}
    >
      <Download aria-hidden="true" />
    </IconButton>
  );
}
