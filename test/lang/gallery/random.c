/* SPDX-License-Identifier: Apache-2.0 */
// Random bytes.
// needs: joist wasi

// test: much and different each time
// run: a=$(joist run --rm $GUEST) b=$(joist run --rm $GUEST); echo "${a%% *}"; [ "$a" != "$b" ] && echo different
// expect: even
// expect: different

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	static unsigned char bytes[65536];
	int count[256] = { 0 }, even = 1;
	for (int i = 0; i < 256; i++)
		if (getentropy(bytes + 256 * i, 256) < 0)
			return perror("getentropy"), 1;
	for (int i = 0; i < 65536; i++)
		count[bytes[i]]++;
	for (int i = 0; i < 256; i++)
		even &= count[i] > 100 && count[i] < 500;
	printf("%s ", even ? "even" : "uneven");
	for (int i = 0; i < 16; i++)
		printf("%02x", bytes[i]);
	puts("");
	return 0;
}
