export const shortKernelName = (name: string): string => name
