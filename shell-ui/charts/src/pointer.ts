// Wheel and drag on a plot: turning zooms at the pointer, Shift and drag (or the middle button) moves along.

import { scaled, shifted, type Range } from './zoom';

export interface PointerTarget {
  range(): Range;
  /** The value on the horizontal axis under a page coordinate, or null outside the plot. */
  valueAt(clientX: number): number | null;
  width(): number;
  slide(range: Range): void;
}

/** Connects wheel and pan; a page scrolls on until the plot has the focus, so that reading on is never hijacked. */
export function followPointer(plot: HTMLElement, target: PointerTarget): void {
  plot.addEventListener('wheel', (event) => wheel(plot, target, event), { passive: false });
  plot.addEventListener('mousedown', (event) => {
    plot.focus({ preventScroll: true });
    if (!event.shiftKey && event.button !== 1) return;
    event.preventDefault();
    pan(plot, target, event);
  });
}

function wheel(plot: HTMLElement, target: PointerTarget, event: WheelEvent): void {
  if (!event.ctrlKey && !plot.contains(document.activeElement)) return;
  event.preventDefault();
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    target.slide(shifted(target.range(), event.deltaX / target.width()));
    return;
  }
  const at = target.valueAt(event.clientX);
  if (at !== null) target.slide(scaled(target.range(), at, event.deltaY > 0 ? 1.25 : 0.8));
}

function pan(plot: HTMLElement, target: PointerTarget, start: MouseEvent): void {
  const from = target.range();
  plot.classList.add('dcp-figure-panning');
  const move = (event: MouseEvent): void => target.slide(shifted(from, (start.clientX - event.clientX) / target.width()));
  const stop = (): void => {
    plot.classList.remove('dcp-figure-panning');
    removeEventListener('mousemove', move);
    removeEventListener('mouseup', stop);
  };
  addEventListener('mousemove', move);
  addEventListener('mouseup', stop);
}

/** A click that is not the end of a drag. */
export function onClickInPlace(plot: HTMLElement, clicked: (event: MouseEvent) => void): void {
  let start = 0;
  plot.addEventListener('mousedown', (event) => (start = event.clientX));
  plot.addEventListener('click', (event) => {
    if (Math.abs(event.clientX - start) < 4) clicked(event);
  });
}
