import { language, MODULE_UNAVAILABLE, problemDetail, problemTitle, serverText, type ProblemError } from '@dcp/api-service';
import { useReadable } from './hooks';
import { t } from './words';

/** What the form calls the parts of a question. */
const PARTS = { '/title': 'name', '/values': 'values', '/lsl': 'lsl', '/usl': 'usl' } as const;

function partName(pointer: string): string {
  return pointer in PARTS ? t(PARTS[pointer as keyof typeof PARTS]) : pointer;
}

/** What went wrong, in which module, and what to do. */
export function Problem({ problem, retry }: { problem: ProblemError; retry?: () => void }) {
  useReadable(language);
  const detail = problemDetail(problem);
  const parts = problem.errors;
  const advice = problem.type === MODULE_UNAVAILABLE ? t('stopped') : problem.status >= 500 || problem.status === 0 ? t('unreachable') : '';
  return (
    <div className="dcp-state dcp-state--error" role="alert">
      <h2>{problemTitle(problem)}</h2>
      {detail && parts.length === 0 && <p>{detail}</p>}
      {parts.map((error) => (
        <p key={error.pointer + error.detail} className="dcp-small">
          <strong>{partName(error.pointer)}</strong>: {serverText(error.detail)}
        </p>
      ))}
      {advice && <p>{advice}</p>}
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
