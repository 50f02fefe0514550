#!/bin/sh
# A program that was built from other sources.
echo '{"hello":"another form"}'
