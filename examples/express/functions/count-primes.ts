/** Counts the primes below a number by trying: a second of work or more for a few millions. */
export default function countPrimes({ below }: { below: number }): { below: number; primes: number } {
  let primes = 0;
  for (let candidate = 2; candidate < below; candidate++) if (isPrime(candidate)) primes++;
  return { below, primes };
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++)
    if (candidate % divisor === 0) return false;
  return true;
}
