/**
 * For every process that loads ONNX Runtime, from its start: unless told not to, its Linux build reports to Microsoft
 * what it runs, and leaves an id and a database in the user's home.
 */
export const RUNTIME_ENVIRONMENT = { ORT_DISABLE_TELEMETRY: '1' } as const
