import { language } from '@dcp/api-service';
import { ControlChart, type ControlOptions } from '@dcp/charts';
import { useEffect, useRef } from 'react';
import type { Chart, Result, Signal } from './contract';
import { useReadable } from './hooks';
import { t } from './words';

/** One of the portal's control charts; made anew when its data or the language change. */
function Drawn({ options }: { options: ControlOptions }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const chart = new ControlChart(host.current, options);
    return () => chart.destroy();
  }, [options]);
  return <div ref={host} className="dcp-body" />;
}

/** Numbers of the broken rules at each point. */
function notes(signals: readonly Signal[]): Map<number, string> {
  const rules = new Map<number, Set<number>>();
  for (const { rule, index } of signals) rules.set(index, (rules.get(index) ?? new Set()).add(rule));
  return new Map([...rules].map(([at, found]) => [at, t('rule', { rules: [...found].join(', ') })]));
}

function points(values: readonly number[], first: number, signals: readonly Signal[]): ControlOptions['points'] {
  const marked = notes(signals);
  return values.map((value, at) => {
    const number = at + first;
    const note = marked.get(number);
    return {
      id: String(number + 1),
      name: String(number + 1),
      value,
      group: note ? ('abnormal' as const) : ('reference' as const),
      ...(note ? { note } : {}),
    };
  });
}

/** Individual values and moving ranges with their limits, each broken rule named at its point. */
export function ControlCharts({ chart, result }: { chart: Chart; result: Result }) {
  const spoken = useReadable(language);
  const base = {
    language: spoken,
    label: `${t('only')} · saw · ${chart.title}`,
    joined: true,
    groupNames: { reference: t('value'), abnormal: t('signals') },
  };
  const { individuals, moving_range } = result;
  const first = useStable<ControlOptions>(`${chart.id}${spoken}i`, () => ({
    ...base,
    title: t('individuals'),
    file: `information-only_${chart.title}_I`,
    axes: [t('order'), t('value')],
    height: 260,
    points: points(result.values, 0, individuals.signals),
    limits: [
      { name: t('upper'), value: individuals.upper, formula: 'x̄ + 3 MR̄/d2' },
      { name: t('centre'), value: individuals.centre, centre: true },
      { name: t('lower'), value: individuals.lower, formula: 'x̄ − 3 MR̄/d2' },
    ],
  }));
  const second = useStable<ControlOptions>(`${chart.id}${spoken}r`, () => ({
    ...base,
    title: t('ranges'),
    file: `information-only_${chart.title}_MR`,
    axes: [t('order'), t('range')],
    height: 200,
    points: points(moving_range.values, 1, moving_range.signals),
    limits: [
      { name: t('upper'), value: moving_range.upper, formula: 'D4 MR̄' },
      { name: t('centre'), value: moving_range.centre, centre: true },
    ],
  }));
  return (
    <>
      <section className="dcp-panel">
        <Drawn options={first} />
      </section>
      <section className="dcp-panel">
        <Drawn options={second} />
      </section>
    </>
  );
}

/** The same value for as long as its key is the same. */
function useStable<T>(key: string, make: () => T): T {
  const kept = useRef<{ key: string; value: T }>(undefined);
  if (kept.current?.key !== key) kept.current = { key, value: make() };
  return kept.current.value;
}
