// What every tab needs of the chosen unit: its batches and its tags, loaded once and kept fresh while a batch runs.

import { computed, DestroyRef, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { loadable, type Loadable } from '@dcp/kit';
import type { Batch } from '@dcp/plant';
import { backend } from './backend';
import { isNumeric, type Tag } from './contract';
import { same } from './steady';
import { View } from './view';

const FRESH_MS = 30_000;
const HEALTH_MS = 60_000;
/** Tags shown before the reader has chosen any. */
const FIRST_TAGS = 4;

/** The data sources of the site. */
@Injectable()
export class Sources {
  private readonly view = inject(View);
  readonly sources = loadable({
    on: () => this.view.site() || undefined,
    load: (_, signal) => backend.sources(signal),
  });
  private readonly health = loadable({
    on: () => this.view.site() || undefined,
    load: (site, signal) => backend.health(site, signal),
  });
  /** What to know about the chosen source before using its data; nothing where that is not known. */
  readonly warnings = computed(() => {
    const { source } = this.view.state();
    return this.health.value()?.find(({ id }) => id === source)?.health.warnings ?? [];
  });

  constructor() {
    const timer = setInterval(() => !document.hidden && this.health.reload(), HEALTH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
}

@Injectable()
export class Unit {
  private readonly view = inject(View);
  /** The same unit is the same question, however often the rest of the view changes. */
  private readonly address = computed(
    () => {
      const { source, unit } = this.view.state();
      return source && unit ? { source, unit } : undefined;
    },
    { equal: same },
  );

  private readonly listed = loadable({
    on: this.address,
    load: ({ source, unit }, signal) => backend.batches(source, unit, signal),
  });
  readonly batches: Omit<Loadable<Batch[]>, 'set'> = { ...this.listed, value: computed(() => this.listed.value()?.items) };
  /** Batches that are missing, or of which something is, because it could not be read. */
  readonly unreadable = computed(() => this.listed.value()?.unreadable ?? []);
  readonly tags = loadable({
    on: this.address,
    load: ({ source, unit }, signal) => backend.tags(source, unit, signal).then((tags) => tags.filter(isNumeric)),
  });
  readonly now = signal(Date.now());

  /** Whether what every view needs could not be read. */
  readonly failing = computed(() => !!this.batches.problem() || !!this.tags.problem());

  readonly running = computed(() => (this.batches.value() ?? []).filter((batch) => batch.status === 'running'));
  readonly complete = computed(() => (this.batches.value() ?? []).filter((batch) => batch.status === 'complete'));

  /** Tags in the address that the unit does not have, once its tags are known. */
  readonly unknownTags = computed(() => {
    const all = this.tags.value();
    return all ? this.view.state().tags.filter((name) => !all.some((tag) => tag.name === name)) : [];
  });

  /** The tags in the address, or the first few that are measured values. */
  readonly chosen = computed<Tag[]>(() => {
    const all = this.tags.value() ?? [];
    const names = this.view.state().tags;
    const named = names.flatMap((name) => all.filter((tag) => tag.name === name));
    return named.length ? named : all.filter((tag) => !tag.step).slice(0, FIRST_TAGS);
  });

  /** The batch in the address, else the first selected, else the latest. */
  readonly batch = computed<Batch | undefined>(() => {
    const all = this.batches.value() ?? [];
    const { batch, batches } = this.view.state();
    return (
      all.find(({ id }) => id === (batch || batches[0])) ??
      all.reduce<Batch | undefined>((last, one) => (!last || one.start > last.start ? one : last), undefined)
    );
  });

  /** The batch in the address, where the unit does not have it. */
  readonly unknownBatch = computed(() => {
    const all = this.batches.value();
    const { batch, batches } = this.view.state();
    const wanted = batch || batches[0];
    return all && wanted && !all.some(({ id }) => id === wanted) ? wanted : undefined;
  });

  /** The batch whose phases stand for those of the others: the one in the address or selected, else the latest complete one. */
  readonly pattern = computed<Batch | undefined>(() => {
    const { batch, batches } = this.view.state();
    const last = this.complete().reduce<Batch | undefined>((last, one) => (!last || one.start > last.start ? one : last), undefined);
    return batch || batches[0] ? this.batch() : (last ?? this.batch());
  });
  readonly phases = loadable({
    on: () => {
      const address = this.address();
      const pattern = this.pattern();
      return address && pattern ? { source: address.source, batch: pattern.web_id } : undefined;
    },
    load: ({ source, batch }, signal) => backend.phases(source, batch, signal),
  });

  constructor() {
    let before = false;
    effect(() => {
      const failing = this.failing();
      if (before && !failing) untracked(() => this.again());
      before = failing;
    });
    const timer = setInterval(() => this.tick(), FRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  tagNamed(name: string): Tag | undefined {
    return this.tags.value()?.find((tag) => tag.name === name);
  }

  /** Counts the times that everything that could not be read is to be read again: one Retry is for the whole page. */
  readonly turn = signal(0);

  again(): void {
    if (this.batches.problem()) this.batches.reload();
    if (this.tags.problem()) this.tags.reload();
    if (this.phases.problem()) this.phases.reload();
    this.turn.update((turn) => turn + 1);
  }

  private tick(): void {
    if (document.hidden) return;
    this.now.set(Date.now());
    if (this.failing()) this.again();
    if (this.running().length && !this.batches.loading()) this.batches.reload();
  }
}
