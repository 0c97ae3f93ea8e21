// Reads the stretch of an overlay into which somebody has zoomed.

import { computed, effect, inject, untracked, type Signal } from '@angular/core';
import type { Loadable } from '@dcp/kit';
import { backend } from './backend';
import { closer, type CloseUp } from './close-up';
import type { OverlayAnswer } from './contract';
import { Anew } from './kept';
import type { OverlayRequest } from './overlay-data';
import { same, steady } from './steady';
import { Unit } from './unit';
import { View } from './view';

/** Points of a line: four for each pixel column of a wide plot, and all values where there are fewer. */
const POINTS = 1200;
/** A turn of the wheel is many zooms; only the one that stays is read. */
const SETTLED_MS = 200;

/** All of an overlay, from which a stretch is taken. */
export interface Whole {
  readonly answer: Loadable<OverlayAnswer>;
  /** Seconds that are 100 % of a batch that runs. */
  usual(): number;
  /** How often all of it was asked to be read anew. */
  readonly asked: Signal<number>;
}

export class CloseReading {
  private readonly view = inject(View);
  private readonly unit = inject(Unit);
  private readonly anew = new Anew();
  /** What the picture on show is of. */
  readonly picture = computed(() => {
    const { source, unit, phase, align } = this.view.state();
    return JSON.stringify([source, unit, phase, align]);
  });

  private readonly request = computed(
    () => {
      const { source, unit, phase, align, from, to } = this.view.state();
      const whole = this.whole.answer.value();
      if (from === undefined || to === undefined || from >= to || !whole || this.whole.answer.loading()) return undefined;
      const measure = align === 'maturity' && !phase ? { usual_s: this.whole.usual() } : {};
      const second = align === 'maturity' ? 1 : 60;
      return {
        picture: this.picture(),
        place: { from, to },
        source,
        unit,
        phase,
        batches: whole.batches.map(({ batch }) => batch),
        tags: whole.batches[0]?.courses.map(({ web_id }) => web_id) ?? [],
        stretch: { from: from * second, to: to * second, align, ...measure },
        asked: this.whole.asked(),
      };
    },
    { equal: same },
  );

  readonly data: Loadable<CloseUp> = steady<NonNullable<ReturnType<typeof this.request>>, CloseUp>(
    this.request,
    ({ picture, place, source, asked, ...request }, signal, meanwhile) => {
      const before = untracked(() => this.data.value());
      return this.anew.read(asked, async (reload) => {
        const wanted: OverlayRequest = { ...request, points: POINTS, reload };
        await settled(signal);
        const read = await backend.overlay(source, wanted, signal, (soFar) => meanwhile(closer(before, picture, place, soFar, false)));
        return closer(before, picture, place, read, true);
      });
    },
  );

  /** What is known closer of the picture on show. */
  readonly closeUp = computed(() => {
    const known = this.data.value();
    return known?.picture === this.picture() ? known : undefined;
  });

  /** Whether every recorded value of the stretch is on show; nothing while that is not known. */
  readonly every = computed(() => {
    const known = this.closeUp();
    if (!known || this.data.loading() || this.data.problem()) return undefined;
    return [...known.batches.values()].every(({ courses }) => courses.every(({ downsampled }) => !downsampled));
  });

  constructor(private readonly whole: Whole) {
    effect(() => {
      this.unit.turn();
      untracked(() => this.data.problem() && this.data.reload());
    });
  }
}

/** Waits until nothing newer has been asked for. */
function settled(signal: AbortSignal): Promise<void> {
  return new Promise((go, stop) => {
    const timer = setTimeout(go, SETTLED_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      stop(signal.reason as Error);
    });
  });
}
