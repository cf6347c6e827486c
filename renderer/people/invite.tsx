import { useState, type ReactNode } from 'react';
import { copyText } from '../app/host.ts';
import { Button } from '../ui/button.tsx';
import { QrPicture } from '../ui/qr.tsx';
import { say, words } from '../words.ts';
import styles from './invite.module.css';

/** An invitation: a picture to scan and the link behind it. */
export function InviteCode({
  text,
  expiresAt,
}: {
  readonly text: string;
  readonly expiresAt: number | null;
}): ReactNode {
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles['invite']}>
      <QrPicture code={text} label={say('new.mine.qr')} />
      <div className={styles['link']}>
        <p className={styles['stated']}>{say('new.scan.means')}</p>
        <output className={styles['text']} aria-label={say('new.mine.link')} data-testid="invite-link">
          {text}
        </output>
        <Button
          small
          onClick={() => {
            copyText(text);
            setCopied(true);
          }}
        >
          {say(copied ? 'app.copied' : 'app.copy')}
        </Button>
        {expiresAt === null ? null : (
          <p className={styles['stated']}>{say('new.mine.expires', { time: words.clock(expiresAt) })}</p>
        )}
      </div>
    </div>
  );
}
