# Limits of block I/O, on whichever block device there is.
# needs: joist root blkio blockdevice

# test: block I/O limits are taken
# run: d=$(find /dev -maxdepth 1 -type b | head -n 1); joist create --name $N-io --blkio-weight 500 --device-read-bps $d:1m --device-write-bps $d:1m --device-read-iops $d:10 --device-write-iops $d:10 $ROOTFS true >/dev/null && joist inspect $N-io | tr -d ' \n' | grep -oE '"(weight|rate)":[0-9]+' | sort -u | wc -l; joist rm $N-io >/dev/null
# expect: 3
