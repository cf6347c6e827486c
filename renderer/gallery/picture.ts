/** The bytes of the one picture of the gallery; drawn when the page starts, so that no binary is kept in the project. */
export let pictureBytes: Uint8Array = new Uint8Array();

type Draw = (context: OffscreenCanvasRenderingContext2D, width: number, height: number) => void;

/** A hut at dusk. */
export const drawPicture: Draw = (context, width, height) => {
  const sky = context.createLinearGradient(0, 0, 0, height * 0.65);
  sky.addColorStop(0, '#44588a');
  sky.addColorStop(1, '#c9a2a6');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#6a6288';
  context.beginPath();
  context.moveTo(0, height * 0.6);
  context.lineTo(width * 0.3, height * 0.3);
  context.lineTo(width * 0.55, height * 0.58);
  context.lineTo(width * 0.8, height * 0.42);
  context.lineTo(width, height * 0.6);
  context.fill();
  context.fillStyle = '#3d4667';
  context.fillRect(0, height * 0.6, width, height * 0.4);
  context.fillStyle = '#22202b';
  context.beginPath();
  context.ellipse(width * 0.25, height, width * 0.4, height * 0.3, 0, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = '#17151c';
  context.fillRect(width * 0.2, height * 0.52, width * 0.16, height * 0.2);
  context.fillStyle = '#f3d58a';
  context.fillRect(width * 0.25, height * 0.58, width * 0.05, height * 0.07);
};

/** Draws the picture into {@link pictureBytes} as PNG. */
export async function picturesReady(draw: Draw): Promise<void> {
  const canvas = new OffscreenCanvas(640, 420);
  const context = canvas.getContext('2d');
  if (!context) return;
  draw(context, canvas.width, canvas.height);
  pictureBytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
}
