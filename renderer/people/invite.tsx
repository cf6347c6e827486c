import { useMemo, useState, type ReactNode } from 'react';
import { encodeQR } from 'qr';
import { copyText } from '../app/host.ts';
import { Button } from '../ui/button.tsx';
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
      <QrPicture text={text} label={say('new.mine.qr')} />
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

/** Quiet zone around a QR code, in modules (ISO/IEC 18004 wants four; the frame gives the rest). */
const QUIET = 2;

/** A text as a QR code, drawn as one path. Always dark on light: readers expect it. */
function QrPicture({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const { path, size } = useMemo(() => {
    const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
    const dots = modules.flatMap((line, y) =>
      line.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    return { path: dots.join(''), size: modules.length };
  }, [text]);
  return (
    <svg className={styles['qr']} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} shapeRendering="crispEdges" />
    </svg>
  );
}
