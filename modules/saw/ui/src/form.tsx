import { api, ProblemError } from '@dcp/api-service';
import { useState, type DragEvent, type SubmitEvent } from 'react';
import type { Ask, Chart } from './contract';
import { numberOf, parse } from './parse';
import { Problem } from './problem';
import { t } from './words';

const FEWEST = 8;
const SHOWN = 5;

/** Values, limits and a title; says what it understood before it calculates. */
export function Form({ start, done }: { start: Ask | undefined; done: (chart: Chart) => void }) {
  const [title, setTitle] = useState(start?.title ?? '');
  const [text, setText] = useState(start?.values.join('\n') ?? '');
  const [lsl, setLsl] = useState(start?.lsl?.toString() ?? '');
  const [usl, setUsl] = useState(start?.usl?.toString() ?? '');
  const [unstable, setUnstable] = useState(start?.allow_unstable ?? false);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<ProblemError>();
  const { values, skipped } = parse(text);
  const advice = adviceOn({ title, count: values.length, lsl, usl });

  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setText(await file.text());
    if (!title) setTitle(file.name.replace(/\.\w+$/, ''));
  };
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (advice || sending) return;
    setSending(true);
    setProblem(undefined);
    try {
      const ask: Ask = {
        title: title.trim(),
        values,
        lsl: numberOf(lsl) ?? null,
        usl: numberOf(usl) ?? null,
        allow_unstable: unstable,
      };
      done(await api.post<Chart>('/api/saw/charts', ask));
    } catch (error) {
      setProblem(ProblemError.from(error));
    } finally {
      setSending(false);
    }
  };

  return (
    <form
      className="dcp-panel"
      onSubmit={(event) => void send(event)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
      style={over ? { outline: '2px dashed var(--dcp-accent)' } : undefined}
    >
      <div className="dcp-body" style={{ display: 'grid', gap: 12 }}>
        {problem && <Problem problem={problem} />}
        <div className="dcp-field">
          <label htmlFor="saw-title">{t('name')}</label>
          <input id="saw-title" className="dcp-input" maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
        </div>
        <div className="dcp-field">
          <label htmlFor="saw-values">{t('values')}</label>
          <textarea
            id="saw-values"
            className="dcp-input dcp-code"
            rows={10}
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-describedby="saw-hint saw-read"
          />
          <span id="saw-hint" className="dcp-hint">
            {t('valuesHint')}
          </span>
          <span id="saw-read" className="dcp-hint" role="status">
            {t('read', { count: values.length })}
            {skipped.length > 0 && (
              <span className="dcp-error-text">
                {' '}
                · {t('skipped', { count: skipped.length, which: skipped.slice(0, SHOWN).join(', ') })}
              </span>
            )}
          </span>
          <span className="dcp-hint">
            {t('drop')}{' '}
            <label
              style={{
                color: 'var(--dcp-accent)',
                textDecoration: 'underline',
                cursor: 'pointer',
              }}
            >
              {t('choose')}
              <input
                type="file"
                accept=".csv,.txt,text/*"
                className="dcp-unseen"
                onChange={(event) => void take(event.target.files?.[0])}
              />
            </label>
          </span>
        </div>
        <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 12, alignItems: 'start' }}>
          <Limit id="saw-lsl" label={t('lsl')} value={lsl} change={setLsl} wrong={wrongLimit(lsl)} />
          <Limit id="saw-usl" label={t('usl')} value={usl} change={setUsl} wrong={wrongLimit(usl) || crossing(lsl, usl)} />
        </div>
        <label style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
          <input type="checkbox" checked={unstable} onChange={(event) => setUnstable(event.target.checked)} /> {t('unstable')}
        </label>
        <div className="dcp-toolbar">
          <button type="submit" className="dcp-button dcp-button--primary" disabled={advice !== '' || sending}>
            {sending ? t('calculating') : t('calculate')}
          </button>
          <span className="dcp-hint" role="status">
            {advice}
          </span>
        </div>
      </div>
    </form>
  );
}

/** What is missing or wrong before anything can be calculated; nothing when it is all right. */
function adviceOn({ title, count, lsl, usl }: { title: string; count: number; lsl: string; usl: string }): string {
  if (count < FEWEST) return t('tooFew');
  if (!title.trim()) return t('needTitle');
  return wrongLimit(lsl) || wrongLimit(usl) ? t('wrongLimit') : crossing(lsl, usl);
}

function wrongLimit(text: string): string {
  return text.trim() !== '' && numberOf(text) === undefined ? t('noNumber', { text }) : '';
}

function crossing(lsl: string, usl: string): string {
  const [low, high] = [numberOf(lsl), numberOf(usl)];
  return low !== undefined && high !== undefined && low >= high ? t('crossing') : '';
}

interface LimitProps {
  id: string;
  label: string;
  value: string;
  /** What is wrong with it, or nothing. */
  wrong: string;
  change: (value: string) => void;
}

function Limit({ id, label, value, wrong, change }: LimitProps) {
  return (
    <div className="dcp-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="dcp-input"
        inputMode="decimal"
        placeholder={t('optional')}
        value={value}
        aria-invalid={wrong !== ''}
        aria-describedby={wrong ? `${id}-wrong` : undefined}
        onChange={(event) => change(event.target.value)}
      />
      {wrong && (
        <span id={`${id}-wrong`} className="dcp-error-text">
          {wrong}
        </span>
      )}
    </div>
  );
}
