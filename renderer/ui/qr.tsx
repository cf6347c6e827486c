import { useMemo, type ReactNode } from 'react';
import { encodeQR } from 'qr';
import { fromLatin1, toLatin1 } from './latin1.ts';
import styles from './qr.module.css';

/** Quiet zone around a QR code, in modules (ISO/IEC 18004 wants four; the frame gives the rest). */
const QUIET = 2;

/** A text, or bytes, as a QR code, drawn as one path. Always dark on light: readers expect it. */
export function QrPicture({
  code,
  label,
}: {
  readonly code: string | Uint8Array;
  readonly label: string;
}): ReactNode {
  const { path, size } = useMemo(() => {
    const bytes = typeof code === 'string' ? new TextEncoder().encode(code) : code;
    const modules = encodeQR(toLatin1(bytes), 'raw', {
      ecc: 'medium',
      border: QUIET,
      textEncoder: fromLatin1,
    });
    const dots = modules.flatMap((line, y) =>
      line.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    return { path: dots.join(''), size: modules.length };
  }, [code]);
  return (
    <svg className={styles['qr']} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} shapeRendering="crispEdges" />
    </svg>
  );
}
