import { address, api, formatTime, language, query, queryState } from '@dcp/api-service';
import { useEffect, useState } from 'react';
import type { Ask, Chart, Listed } from './contract';
import { Form } from './form';
import { useLoaded, useReadable } from './hooks';
import { Problem } from './problem';
import { ResultView } from './result';
import { t } from './words';

/** One page per site, because charts belong to a site. */
export function App() {
  const { site } = useReadable(address);
  useReadable(language);
  return <Workbench key={site ?? ''} site={site ?? ''} />;
}

const AGAIN_MS = 1000;

function Workbench({ site }: { site: string }) {
  const [state] = useState(() => queryState({ chart: query.text() }));
  const { chart: id } = useReadable(state);
  useEffect(() => () => state.stop(), [state]);
  const list = useLoaded(site, (signal) => api.get<Listed[]>('/api/saw/charts', { signal }));
  const chart = useLoaded(id && `${site}/${id}`, (signal) => api.get<Chart>(`/api/saw/charts/${encodeURIComponent(id)}`, { signal }));
  const waiting = chart.value?.state === 'queued';
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(chart.reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [waiting, chart.value]);
  const [draft, setDraft] = useState<Ask>();
  const again = (ask: Ask | undefined): void => {
    setDraft(ask);
    state.set({ chart: '' });
  };
  const done = (made: Chart): void => {
    state.set({ chart: made.id });
    list.reload();
  };

  return (
    <div style={{ padding: '12px 16px' }}>
      <div className="dcp-toolbar">
        <h1 tabIndex={-1}>{t('title')}</h1>
        <span className="dcp-badge dcp-badge--nongxp">{t('only')}</span>
      </div>
      <p className="dcp-quiet" style={{ margin: '4px 0 12px', maxWidth: '90ch' }}>
        {t('lead')}
      </p>
      <div
        style={{
          display: 'grid',
          gridTemplateColumns: 'minmax(0, 1fr) 260px',
          gap: 16,
          alignItems: 'start',
        }}
      >
        <div style={{ display: 'grid', gap: 12, minWidth: 0 }}>
          {!id && <Form start={draft} done={done} />}
          {id && chart.problem && <Problem problem={chart.problem} retry={chart.reload} />}
          {id && !chart.value && !chart.problem && (
            <div className="dcp-skeleton" style={{ height: 300 }} role="status" aria-label={t('loading')} />
          )}
          {id && chart.value && <ResultView chart={chart.value} change={() => again(chart.value?.ask)} />}
        </div>
        <aside className="dcp-panel" aria-label={t('earlier')}>
          <header>
            <h2>{t('earlier')}</h2>
            <button type="button" className="dcp-button" disabled={!id} onClick={() => again(undefined)}>
              {t('newChart')}
            </button>
          </header>
          {list.problem && <Problem problem={list.problem} retry={list.reload} />}
          {list.value?.length === 0 && <p className="dcp-body dcp-quiet">{t('none')}</p>}
          <ul role="list" style={{ maxHeight: '70vh', overflow: 'auto' }}>
            {list.value?.map((one) => (
              <li key={one.id}>
                <a
                  href={state.href({ chart: one.id })}
                  aria-current={one.id === id ? 'true' : undefined}
                  onClick={(event) => {
                    event.preventDefault();
                    state.set({ chart: one.id });
                  }}
                  style={{
                    display: 'block',
                    padding: '6px 12px',
                    textDecoration: 'none',
                    color: 'inherit',
                    background: one.id === id ? 'var(--dcp-selected)' : undefined,
                  }}
                >
                  {one.state === 'failed' ? '✕ ' : ''}
                  {one.title}
                  <br />
                  <span className="dcp-hint">
                    {formatTime(one.created_at)} · {one.created_by.name}
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </aside>
      </div>
    </div>
  );
}
