// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Pictures for the fixtures, painted here: a speaker who is nobody, and a slide.

const SIZE = { width: 1280, height: 720 };

function canvas(): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const element = Object.assign(document.createElement('canvas'), SIZE);
  const context = element.getContext('2d');
  if (!context) throw new Error('no canvas');
  return [element, context];
}

export function paintSpeaker(hue: number): HTMLCanvasElement {
  const [element, c] = canvas();
  const wall = c.createLinearGradient(0, 0, SIZE.width, SIZE.height);
  wall.addColorStop(0, `hsl(${hue} 25% 70%)`);
  wall.addColorStop(1, `hsl(${hue} 30% 40%)`);
  c.fillStyle = wall;
  c.fillRect(0, 0, SIZE.width, SIZE.height);
  c.fillStyle = `hsl(${(hue + 180) % 360} 35% 30%)`;
  c.beginPath();
  c.ellipse(640, 760, 330, 300, 0, 0, 7);
  c.fill();
  c.fillStyle = 'hsl(26 45% 62%)';
  c.beginPath();
  c.ellipse(640, 330, 120, 155, 0, 0, 7);
  c.fill();
  c.fillStyle = 'hsl(26 40% 22%)';
  c.beginPath();
  c.ellipse(640, 240, 130, 95, 0, 3.1, 6.3);
  c.fill();
  return element;
}

export function paintSlide(): HTMLCanvasElement {
  const [element, c] = canvas();
  c.fillStyle = '#ffffff';
  c.fillRect(0, 0, SIZE.width, SIZE.height);
  c.fillStyle = '#0066cc';
  c.fillRect(0, 0, SIZE.width, 24);
  c.fillStyle = '#17324d';
  c.font = '700 64px "Titillium Web", sans-serif';
  c.fillText('Rilasciare ogni giorno', 96, 180);
  c.font = '400 38px "Titillium Web", sans-serif';
  ['Una pipeline sola per tutti i servizi', 'Ritorno alla versione di prima in un minuto', 'Misurare, poi cambiare'].forEach(
    (line, i) => c.fillText(`•  ${line}`, 96, 290 + i * 76),
  );
  [180, 240, 210, 320, 380].forEach((height, i) => c.fillRect(830 + i * 76, 640 - height, 48, height));
  return element;
}

/** A picture as a slot holds one. */
export function inSlot(picture: HTMLCanvasElement | null): HTMLElement {
  const element = document.createElement('div');
  element.className = 'picture';
  if (picture) element.append(picture);
  return element;
}

const painting = new Set<() => void>();

/** The picture as a camera's track. */
export function asTrack(picture: HTMLCanvasElement): MediaStreamTrack | null {
  const track = picture.captureStream(5).getVideoTracks()[0] ?? null;
  const context = picture.getContext('2d');
  // A captured canvas sends frames only when it is painted.
  const timer = setInterval(() => context?.fillRect(0, 0, 1, 1), 200);
  painting.add(() => {
    clearInterval(timer);
    track?.stop();
  });
  return track;
}

/** Ends the tracks of a state that is taken away. */
export function stopPictures(): void {
  for (const stop of painting) stop();
  painting.clear();
}
