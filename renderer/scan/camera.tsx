import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';
import { say } from '../words.ts';
import { readPixels } from './read-picture.ts';
import styles from './scanner.module.css';

/** Longest side of a frame that is looked at, in pixels: enough for the largest code that is held to a camera. */
const FRAME_SIDE = 960;

type Trouble = 'refused' | 'none';

/** The camera, from when this is drawn until it is gone or a code was read. The shell asks each time whether it may be used. */
export function Camera({ onCode }: { readonly onCode: (code: Uint8Array) => void }): ReactNode {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const found = useEffectEvent(onCode);
  const failed = useEffectEvent((error: unknown) =>
    setTrouble(error instanceof DOMException && error.name === 'NotAllowedError' ? 'refused' : 'none'),
  );

  useEffect(() => {
    const shown = video.current;
    const paper = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    let stream: MediaStream | null = null;
    let frame = 0;
    let wanted = true;

    function stop(): void {
      wanted = false;
      cancelAnimationFrame(frame);
      for (const track of stream?.getTracks() ?? []) track.stop();
    }

    function look(): void {
      if (!wanted || !shown || !paper) return;
      const code = shown.videoWidth > 0 ? readFrame(shown, paper) : null;
      if (code === null) {
        frame = requestAnimationFrame(look);
        return;
      }
      stop();
      found(code);
    }

    async function start(): Promise<void> {
      const opened = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment' },
        audio: false,
      });
      stream = opened;
      // It may have been closed while the shell asked.
      if (!wanted || !shown) return stop();
      shown.srcObject = opened;
      await shown.play();
      look();
    }

    start().catch((error: unknown) => {
      if (wanted) failed(error);
      stop();
    });
    return stop;
  }, []);

  if (trouble !== null)
    return (
      <p className={styles['stated']} role="alert">
        {say(`scan.camera.${trouble}`)}
      </p>
    );
  return (
    <video ref={video} className={styles['video']} muted playsInline aria-label={say('scan.camera.label')} />
  );
}

function readFrame(video: HTMLVideoElement, paper: CanvasRenderingContext2D): Uint8Array | null {
  const scale = Math.min(1, FRAME_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const [width, height] = [Math.ceil(video.videoWidth * scale), Math.ceil(video.videoHeight * scale)];
  const { canvas } = paper;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  paper.drawImage(video, 0, 0, width, height);
  return readPixels(paper.getImageData(0, 0, width, height));
}
