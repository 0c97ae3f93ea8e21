// The look of a page of a model: charts, and beside them what they are asked about; one below the other where there is no room.

export const BESIDE = `
  :host {
    display: grid;
    grid-template-columns: minmax(0, 3fr) minmax(300px, 2fr);
    gap: var(--dcp-space-3);
    align-items: start;
  }
  .options {
    display: flex;
    flex-wrap: wrap;
    gap: var(--dcp-space-2) var(--dcp-space-4);
    align-items: center;
    padding: var(--dcp-space-1) var(--dcp-space-3);
    border-bottom: 1px solid var(--dcp-hairline);
    min-height: 40px;
  }
  .options label {
    display: inline-flex;
    gap: 6px;
    align-items: center;
  }
  @media (max-width: 1150px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
