/** What a QR code in a picture says; null when there is none. The reader is loaded when the first picture comes. */
export async function readCode(picture: CanvasImageSource, width: number, height: number): Promise<string | null> {
  const { default: jsqr } = await import('jsqr');
  // A photograph of a phone has far more pixels than a code needs.
  const scale = Math.min(1, 1280 / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (pen === null) return null;
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  return jsqr(data, canvas.width, canvas.height)?.data ?? null;
}
