import { formatNumber, formatTime, saveCsv, serverText, zoneName } from '@dcp/api-service';
import type { Capability, Chart, Index, Result } from './contract';
import { ControlCharts } from './control';
import { ruleText, t } from './words';

/** A calculated chart: both charts, the signals in words and the capability. */
export function ResultView({ chart, change }: { chart: Chart; change: () => void }) {
  const { result, error } = chart;
  if (chart.state === 'queued')
    return (
      <p className="dcp-state" role="status">
        {t('waiting')}
      </p>
    );
  if (!result) {
    return (
      <div className="dcp-state dcp-state--error" role="alert">
        <h2>{error ? serverText(error.title) : t('failed')}</h2>
        {error && (
          <pre className="dcp-code" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>
            {serverText(error.detail)}
          </pre>
        )}
        <p>{t('stoppedByR')}</p>
        <p className="dcp-hint">
          saw · {chart.title} · {formatTime(chart.created_at)} {zoneName()}
        </p>
        <button type="button" className="dcp-button dcp-button--primary" onClick={change}>
          {t('changeInput')}
        </button>
      </div>
    );
  }
  const rows = result.values.map((value, at) => [at + 1, value, at ? result.moving_range.values[at - 1] : null] as const);
  return (
    <div style={{ display: 'grid', gap: 12 }}>
      <div className="dcp-toolbar">
        <h2>{chart.title}</h2>
        <span className="dcp-quiet dcp-small">
          {formatTime(chart.created_at)} {zoneName()} · {t('by', { name: chart.created_by.name })}
          {chart.provenance && ` · ${t('calculatedOn', { node: chart.provenance.node, r: chart.provenance.environment.r ?? '' })}`}
        </span>
        <span className="dcp-fill" />
        <button
          type="button"
          className="dcp-button"
          onClick={() => saveCsv(`information-only_${chart.title}`, ['number', 'value', 'moving_range'], rows)}
        >
          {t('csv')}
        </button>
      </div>
      <ControlCharts chart={chart} result={result} />
      <Signals result={result} />
      <CapabilityTable result={result} />
    </div>
  );
}

function Signals({ result }: { result: Result }) {
  const { signals } = result.individuals;
  return (
    <section className="dcp-panel">
      <header>
        <h2>
          {t('signals')} <span className="dcp-quiet">{signals.length}</span>
        </h2>
      </header>
      <div className="dcp-body">
        {signals.length === 0 ? (
          <p className="dcp-quiet">{t('noSignals')}</p>
        ) : (
          <ul role="list">
            {signals.map(({ rule, index, side }) => (
              <li key={`${rule}-${index}-${side}`}>
                {t('signal', {
                  rule,
                  at: index + 1,
                  side: t(side),
                  text: ruleText(rule),
                })}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function CapabilityTable({ result }: { result: Result }) {
  const { capability } = result;
  return (
    <section className="dcp-panel">
      <header>
        <h2>{t('capability')}</h2>
      </header>
      {!capability ? (
        <p className="dcp-body dcp-quiet">{t('noLimits')}</p>
      ) : !capability.stated ? (
        <p className="dcp-body">{t('notStated', { reason: capability.reason ?? '' })}</p>
      ) : (
        <Indices capability={capability} result={result} />
      )}
    </section>
  );
}

function Indices({ capability, result }: { capability: Capability; result: Result }) {
  const confidence = formatNumber((capability.confidence ?? 0.95) * 100, {
    digits: 3,
  });
  const row = (name: string, index: Index | null | undefined, freedom: number | undefined) =>
    index && (
      <tr key={name}>
        <th scope="row">{name}</th>
        <td className="dcp-number">{formatNumber(index.value)}</td>
        <td className="dcp-number">
          {formatNumber(index.low)} … {formatNumber(index.high)}
        </td>
        <td className="dcp-number">{formatNumber(freedom)}</td>
      </tr>
    );
  const fact = (name: string, value: string) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      <td className="dcp-number">{value}</td>
      <td />
      <td />
    </tr>
  );
  return (
    <>
      <table className="dcp-table">
        <thead>
          <tr>
            <th scope="col">{t('index')}</th>
            <th scope="col" className="dcp-number">
              {t('estimate')}
            </th>
            <th scope="col" className="dcp-number">
              {t('interval', { confidence })}
            </th>
            <th scope="col" className="dcp-number">
              {t('freedom')}
            </th>
          </tr>
        </thead>
        <tbody>
          {row('Cp', capability.cp, capability.freedom_within)}
          {row('Cpk', capability.cpk, capability.freedom_within)}
          {row('Pp', capability.pp, capability.freedom_overall)}
          {row('Ppk', capability.ppk, capability.freedom_overall)}
          {capability.cpm != null && fact('Cpm', formatNumber(capability.cpm))}
          {fact(t('sigmaWithin'), formatNumber(result.sigma_within))}
          {fact(t('sigmaOverall'), formatNumber(result.sigma_overall))}
          {fact(t('outside'), `${capability.outside_specification ?? 0} / ${result.n}`)}
        </tbody>
      </table>
      <p className="dcp-body dcp-hint">
        {t('estimator', { estimator: result.sigma_estimator })} {capability.overridden && t('overridden')}
      </p>
    </>
  );
}
