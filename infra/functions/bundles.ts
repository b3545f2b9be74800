import type { FunctionBundle } from './bundle-function.ts'

export const INGEST_BUNDLE: FunctionBundle = {
  entry: 'functions/ingest/handler.ts',
  nativePackages: ['sharp'],
}
export const DISPATCH_BUNDLE: FunctionBundle = { entry: 'functions/dispatch/handler.ts', nativePackages: [] }
export const NOTIFY_BUNDLE: FunctionBundle = { entry: 'functions/notify/handler.ts', nativePackages: [] }
