import { useMemo, type ReactNode } from 'react';
import { encodeQR } from 'qr';
import styles from './qr.module.css';

/** Quiet zone around a QR code, in modules (ISO/IEC 18004 wants four; the frame gives the rest). */
const QUIET = 2;

/** A text as a QR code, drawn as one path. Always dark on light: readers expect it. */
export function QrPicture({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
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
