// A picture with few colours, as small files need it: text and flat areas lose nothing by it.

const MOST = 10;
const GROUNDS = 3;
const WIDEST_GAP = 1600,
  LEAST_GAP = 100;

/** The size of a PNG (as base64), a palette of at most 10 colours, and each pixel's place in it. */
export async function fewColours(base64) {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]));
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const colours = [...counts]
    .sort(([one, often], [other, rarely]) => rarely - often || one - other)
    .map(([colour]) => colour);
  const palette = paletteOf(colours);
  const places = new Map(colours.map((colour) => [colour, nearest(palette, colour)]));
  return { width, height, palette: palette.map(parts), pixels: packed(pixels, places, width) };
}

/** The grounds; then frequent colours that are not too near to others; then nearer ones, if there is room. */
function paletteOf(colours) {
  const palette = colours.slice(0, GROUNDS);
  for (let gap = WIDEST_GAP; gap >= LEAST_GAP; gap /= 2) {
    for (const colour of colours) {
      if (palette.length < MOST && palette.every((known) => distance(known, colour) > gap))
        palette.push(colour);
    }
  }
  return palette;
}

function nearest(palette, colour) {
  const far = palette.map((known) => distance(known, colour));
  return far.indexOf(Math.min(...far));
}

function distance(one, other) {
  return parts(one).reduce((sum, part, number) => sum + (part - parts(other)[number]) ** 2, 0);
}

function parts(colour) {
  return [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
}

/** Two pixels a byte, a filter byte of zero before each row, as base64. */
function packed(pixels, places, width) {
  const stride = 1 + Math.ceil(width / 2);
  const rows = new Uint8Array(stride * (pixels.length / width));
  pixels.forEach((pixel, number) => {
    const [row, column] = [Math.floor(number / width), number % width];
    rows[row * stride + 1 + (column >> 1)] |= places.get(pixel) << (column % 2 ? 0 : 4);
  });
  let signs = "";
  for (const byte of rows) signs += String.fromCharCode(byte);
  return btoa(signs);
}
