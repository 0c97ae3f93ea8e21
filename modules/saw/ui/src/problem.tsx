import { MODULE_UNAVAILABLE, type ProblemError } from '@dcp/api-service';
import { t } from './words';

/** What went wrong, in which module, and what to do. */
export function Problem({ problem, retry }: { problem: ProblemError; retry?: () => void }) {
  const advice = problem.type === MODULE_UNAVAILABLE ? t('stopped') : problem.status === 422 ? t('check') : t('unreachable');
  return (
    <div className="dcp-state dcp-state--error" role="alert">
      <h2>{problem.message}</h2>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.errors.map((error) => (
        <p key={error.pointer + error.detail} className="dcp-small">
          <code>{error.pointer}</code> {error.detail}
        </p>
      ))}
      <p>{advice}</p>
      <p className="dcp-hint">
        {problem.module ?? 'saw'} {problem.traceId && <code>{problem.traceId}</code>}
      </p>
      {retry && (
        <button type="button" className="dcp-button" onClick={retry}>
          {t('retry')}
        </button>
      )}
    </div>
  );
}
