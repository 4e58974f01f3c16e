# Principal components as a model: numbers known from NumPy's eigenvectors of the same
# table, other verbs take it, and what is wrong is said.
cat >t.csv <<'CSV'
a,b,c
1,2,0
2,4.1,1
3,5.9,0
4,8.2,1
5,9.8,0
6,12.1,1
CSV
hourglass pca t.csv --code 2 --scale none -o p.safetensors
hourglass encode p.safetensors t.csv -o - -q | head -2 | cut -c1-7
hourglass pca t.csv --code 1 --json -o q.safetensors | tr ',' '\n' | grep -c share
hourglass pca t.csv 2>&1 || echo "exit $?"
hourglass pca t.csv --code 4 2>&1 || echo "exit $?"
hourglass pca t.csv --code x 2>&1 || echo "exit $?"
hourglass pca t.csv --code 1 -o /nonexistent/p 2>&1 || echo "exit $?"
